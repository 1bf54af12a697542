import type { Manifest } from '@stasis/image';

/** Where sealed images live. Implementations: directory; S3 follows. All pass one contract suite. */
export interface PutResult {
  /** Bytes that the store had to keep for this image. */
  readonly bytesNew: number;
  /** Bytes it already had. */
  readonly bytesShared: number;
  readonly seconds: number;
}

export interface ImageStore {
  readonly url: string;
  /**
   * Stores the sealed image in `dir` under `id` (a checkpoint id); durable when it resolves. The same content again is
   * fine; other content under the same id is ImageExists. A put that dies leaves nothing that `get` would show.
   * @throws StasisError StoreUnavailable (retryable), NoSpace, ImageExists
   */
  put(id: string, dir: string): Promise<PutResult>;
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
  /** Idempotent. */
  remove(id: string): Promise<void>;
  /** @throws StasisError StoreUnavailable */
  ping(): Promise<void>;
}
