import { join } from 'node:path';
import { StasisError } from '@stasis/errors';
import { pagedFromBytes, pageSize, slots, fingerprintBytes, frameBytes } from './format.ts';
import { composeTable, countNewPages } from './composeTable.ts';
import { makeIndex, type SharedIndex } from './fingerprintIndex.ts';
import { type FramePlace, type FrameTable } from './frameTable.ts';
import type { StoredFile, StoredImage, WholeFrame } from './imageBody.ts';
import type { IngestPlan, NewPiece } from './ingest.ts';
import type { NewFrame } from './openFrames.ts';
import { pagesAtOnce } from './ingest.ts';
import { PackWriter } from './packWriter.ts';
import type { Places } from './places.ts';
import { settled } from './settled.ts';
import { newKey } from './sealing.ts';
import type { WorkerPool } from './workerPool.ts';

/** A file that is to be stored; with the digest that it must have, when one is known. */
export interface SourceFile {
  readonly name: string;
  readonly size: number;
  /** `sha256:<hex>`. */
  readonly digest?: string;
}

export interface Ingested {
  readonly table: FrameTable;
  readonly files: readonly StoredFile[];
  readonly lineageKey: Uint8Array;
  readonly pages: number;
  readonly newPages: number;
  /** Bytes of the packs that were written. */
  readonly packBytes: number;
}

const piecesAtOnceBytes = 1 << 20;

export async function putFiles(
  pool: WorkerPool,
  places: Places,
  dir: string,
  sources: readonly SourceFile[],
  options: { readonly sealed: boolean; readonly parent?: StoredImage },
): Promise<Ingested> {
  const put = new FilesPut(pool, places, options.sealed, options.parent, sources);
  return put.run(dir, sources);
}

const isPaged = ({ name, size }: SourceFile): boolean => size >= pagedFromBytes && name !== 'checkpoint.img';

const pagesOf = (size: number): number => Math.ceil(size / pageSize);

/** One put on its way: the workers find and pack, this keeps them busy and writes down what they say. */
class FilesPut {
  readonly #pool: WorkerPool;
  readonly #session: number;
  readonly #packs: string;
  readonly #writer: PackWriter;
  readonly #parent: StoredImage | undefined;
  readonly #index: SharedIndex;
  readonly #plan: IngestPlan;
  /** New frames by their number from the parent's on. */
  readonly #newFrames: FramePlace[] = [];
  readonly #parentPages: Int32Array;

  constructor(
    pool: WorkerPool,
    places: Places,
    sealed: boolean,
    parent: StoredImage | undefined,
    sources: readonly SourceFile[],
  ) {
    this.#pool = pool;
    this.#session = pool.newSession();
    this.#packs = places.packs;
    this.#writer = new PackWriter(places, sealed);
    this.#parent = parent;
    const pages = sources.filter(isPaged).reduce((sum, { size }) => sum + pagesOf(size), 0);
    this.#index = makeIndex(parent?.table.count ?? 0, Math.ceil(pages / slots) + 3 * pool.size);
    this.#plan = { sealed, lineageKey: parent?.lineageKey ?? newKey(), index: this.#index };
    this.#parentPages = new Int32Array(new SharedArrayBuffer((parent?.table.count ?? 0) * slots * 4));
  }

  async run(dir: string, sources: readonly SourceFile[]): Promise<Ingested> {
    const { pool, session } = { pool: this.#pool, session: this.#session };
    try {
      if (this.#parent) await pool.call(0, 'loadFingerprints', session, this.#plan, this.#parent.table, this.#packs);
      await pool.all('beginIngest', session, this.#plan, this.#parent?.table, this.#packs);
      const files: StoredFile[] = [];
      for (const source of sources) files.push(await this.#file(dir, source));
      for (const frames of await pool.all('flush', session)) await this.#addFrames(frames);
      await this.#writer.end();
      return this.#result(files);
    } finally {
      await settled([this.#writer.end(), pool.all('endIngest', session)]);
    }
  }

  async #file(dir: string, source: SourceFile): Promise<StoredFile> {
    const { name, size } = source;
    const parent = this.#parent?.files.find((file) => file.name === name);
    const parentMap = parent?.kind === 'pages' ? parent.map : new Int32Array(0);
    this.#parentPages.fill(-1);
    // Backwards, so that of several pages alike the first is kept.
    for (let page = parentMap.length - 1; page >= 0; page--)
      if (parentMap[page]! >= 0) this.#parentPages[parentMap[page]!] = page;
    const paged = isPaged(source);
    const map = new Int32Array(new SharedArrayBuffer(paged ? pagesOf(size) * 4 : 0));
    const path = join(dir, name);
    await this.#pool.all('openFile', this.#session, {
      ...{ path, size, map, parentMap, parentPages: this.#parentPages },
    });
    const frames: WholeFrame[] = [];
    const digest = await (paged ? this.#pages(size) : this.#whole(size, frames));
    const found = { name, size, digest: `sha256:${digest}` };
    if (source.digest !== undefined && source.digest !== found.digest)
      throw new StasisError('IntegrityMismatch', `${name} has the digest ${found.digest}, sealed ${source.digest}`, {
        details: [{ field: name, message: 'is not what was sealed' }],
      });
    return paged ? { ...found, kind: 'pages', map } : { ...found, kind: 'whole', frames };
  }

  /** The first thread hashes the file from end to end and then helps the others with its pages. */
  async #pages(size: number): Promise<string> {
    const { pool, session } = { pool: this.#pool, session: this.#session };
    let next = 0;
    const lane = async (at: number): Promise<void> => {
      if (at === 0) await this.#hash(size);
      while (next * pageSize < size) {
        const first = next;
        next += pagesAtOnce;
        const count = Math.min(pagesAtOnce, pagesOf(size) - first);
        await this.#addFrames(await pool.call(at, 'filePages', session, first, count));
      }
    };
    await settled(Array.from({ length: pool.size }, (_, at) => lane(at)));
    return pool.call(0, 'fileDigest', session);
  }

  async #whole(size: number, frames: WholeFrame[]): Promise<string> {
    const { pool, session } = { pool: this.#pool, session: this.#session };
    const pieces = async (): Promise<void> => {
      for (let at = 0; at < size; at += frameBytes)
        await this.#addPiece(
          frames,
          await pool.call(pool.size - 1, 'filePiece', session, at, Math.min(frameBytes, size - at)),
        );
    };
    await settled([this.#hash(size), pieces()]);
    return pool.call(0, 'fileDigest', session);
  }

  async #hash(size: number): Promise<void> {
    for (let at = 0; at < size; at += piecesAtOnceBytes)
      await this.#pool.call(0, 'hashFile', this.#session, at, Math.min(piecesAtOnceBytes, size - at));
  }

  async #addFrames(found: readonly NewFrame[]): Promise<void> {
    for (const { frame, stored, secret, bases } of found) {
      const { length } = stored;
      const prints = new Uint8Array(slots * fingerprintBytes);
      prints.set(new Uint8Array(this.#index.prints, frame * prints.length, prints.length));
      const placed = (place: { pack: number; number: number; offset: number }): void => {
        this.#newFrames[frame - this.#index.parentFrames] = { ...place, length, secret, bases };
      };
      await this.#writer.add({ stored, secret, prints, placed });
    }
  }

  async #addPiece(frames: WholeFrame[], { plainLength, stored, secret }: NewPiece): Promise<void> {
    const at = frames.length;
    frames.push({ pack: -1, offset: 0, length: stored.length, plainLength, secret });
    // Where it went is known when it was written; a put reads its list of frames only after that.
    await this.#writer.add({
      ...{ stored, secret },
      placed: ({ pack, offset }) => void (frames[at] = { ...frames[at]!, pack, offset }),
    });
  }

  #result(files: readonly StoredFile[]): Ingested {
    const { sealed, lineageKey } = this.#plan;
    const { written } = this.#writer;
    const maps = files.flatMap((file) => (file.kind === 'pages' ? [file.map] : []));
    const newPages = countNewPages(maps, this.#index.parentFrames, this.#newFrames.length);
    const { table, oldPacks } = composeTable(sealed, this.#parent?.table, this.#newFrames, written, maps);
    return {
      table,
      files: files.map((file) =>
        file.kind === 'pages'
          ? file
          : { ...file, frames: file.frames.map((frame) => ({ ...frame, pack: frame.pack + oldPacks })) },
      ),
      lineageKey,
      pages: maps.reduce((sum, map) => sum + map.length, 0),
      newPages,
      packBytes: written.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  }
}
