import type { Manifest } from '@stasis/image';

/** Where sealed images live. Implementations: a directory; S3 follows. All pass one contract suite. */
export interface PutResult {
  /** Bytes that the store had to write for this image, as they lie there. */
  readonly bytesNew: number;
  /** Bytes that it reads, as they lie there, and that the store had already. */
  readonly bytesShared: number;
  /** Pages of 4 KiB in the files that are kept by page, and those of them that the store did not have. */
  readonly pages: number;
  readonly newPages: number;
  readonly seconds: number;
}

export interface PutOptions {
  /** An earlier image of the same container: its pages are looked for. One that is not there (any more) is no fault. */
  readonly parent?: string;
}

export interface ImageStore {
  readonly url: string;
  /**
   * Stores the sealed image in `dir` under `id` (a checkpoint id); durable when it resolves. The same content again is
   * fine; other content under the same id is ImageExists. A put that dies leaves nothing that `get` would show.
   * @throws StasisError StoreUnavailable (retryable), NoSpace, ImageExists
   */
  put(id: string, dir: string, options?: PutOptions): Promise<PutResult>;
  /**
   * Reads every byte back from where it is kept and checks it against the digests of the stored manifest, and the
   * manifest against `manifestDigest`. @throws StasisError IntegrityMismatch, ImageIncomplete, StoreUnavailable
   */
  verify(id: string, manifestDigest: string): Promise<{ bytes: number; seconds: number }>;
  /**
   * Writes the image into the new directory `dir`, checking every byte on the way; on failure `dir` does not exist.
   * @throws StasisError IntegrityMismatch, ImageIncomplete, StoreUnavailable, NoSpace, CheckpointNotFound
   */
  get(id: string, dir: string, manifestDigest: string): Promise<Manifest>;
  /** Absent = not stored (or not completely). */
  stat(id: string): Promise<{ manifestDigest: string; bytes: number } | undefined>;
  list(): Promise<string[]>;
  /** Idempotent. The bytes that no other image reads are freed by a collection. */
  remove(id: string): Promise<void>;
  /** @throws StasisError StoreUnavailable */
  ping(): Promise<void>;
}
