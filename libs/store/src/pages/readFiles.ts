import { isStasisError, StasisError } from '@stasis/errors';
import { pageSize, slots } from './format.ts';
import type { StoredFile, StoredImage } from './imageBody.ts';
import type { Places } from './places.ts';
import { settled } from './settled.ts';
import type { WorkerPool } from './workerPool.ts';

/** Pages, or frames of a whole file, that a worker puts together at once: 2 MiB. */
const pagesAtOnce = 8 * slots;
const framesAtOnce = 8;
const pieceBytes = pagesAtOnce * pageSize;
/** Pieces under way: what a reading takes in memory, beside the frames that each worker keeps. */
const window = 6;

/** Reads a stored image file by file. */
export class ImageReading {
  readonly #pool: WorkerPool;
  readonly #session: number;
  readonly #free: SharedArrayBuffer[] = [];

  private constructor(pool: WorkerPool) {
    this.#pool = pool;
    this.#session = pool.newSession();
  }

  static async of(pool: WorkerPool, places: Places, image: StoredImage): Promise<ImageReading> {
    const reading = new ImageReading(pool);
    await pool.all('beginAssemble', reading.#session, image.table, places.packs);
    return reading;
  }

  async end(): Promise<void> {
    await this.#pool.all('endAssemble', this.#session);
  }

  /**
   * The bytes of a file in order, in pieces of up to 2 MiB, each valid until the next is asked for. After the last one
   * the whole is known to have the digest that was recorded.
   * @throws StasisError IntegrityMismatch, ImageIncomplete; both name the file
   */
  async *pieces(file: StoredFile): AsyncGenerator<Buffer, void, undefined> {
    const { length, read } = this.#plan(file);
    const ready: Promise<{ out: SharedArrayBuffer; bytes: number }>[] = [];
    let next = 0;
    let hashed: Promise<unknown> = Promise.resolve();
    const start = async (at: number, before: Promise<unknown>) => {
      const out = this.#free.pop() ?? new SharedArrayBuffer(pieceBytes);
      const bytes = Math.min(pieceBytes, file.size - at * pieceBytes);
      await settled([read(at, out), before]);
      await this.#pool.call(0, 'hash', this.#session, out, bytes);
      return { out, bytes };
    };
    try {
      for (;;) {
        for (; next < length && ready.length < window; next++) {
          const piece = start(next, hashed);
          hashed = piece;
          ready.push(piece);
        }
        const piece = ready.shift();
        if (piece === undefined) break;
        const { out, bytes } = await piece;
        yield Buffer.from(out, 0, bytes);
        this.#free.push(out);
      }
      const digest = `sha256:${await this.#pool.call(0, 'digest', this.#session)}`;
      if (digest !== file.digest)
        throw new StasisError('IntegrityMismatch', `has the digest ${digest}, recorded ${file.digest}`);
    } catch (error) {
      throw inFile(file.name, error);
    } finally {
      // Also when the reader of the pieces went away: nothing may go on in a session that is about to end.
      await Promise.allSettled(ready);
    }
  }

  #plan(file: StoredFile): { length: number; read: (at: number, out: SharedArrayBuffer) => Promise<void> } {
    const [pool, session] = [this.#pool, this.#session];
    if (file.kind === 'pages')
      return {
        length: Math.ceil(file.map.length / pagesAtOnce),
        // A slice: of a part of an array a message takes the whole memory along.
        read: (at, out) =>
          pool.call(pool.idlest(), 'pages', session, file.map.slice(at * pagesAtOnce, (at + 1) * pagesAtOnce), out),
      };
    return {
      length: Math.ceil(file.size / pieceBytes),
      read: (at, out) =>
        pool.call(pool.idlest(), 'whole', session, file.frames.slice(at * framesAtOnce, (at + 1) * framesAtOnce), out),
    };
  }
}

function inFile(name: string, error: unknown): unknown {
  if (!isStasisError(error)) return error;
  return new StasisError(error.code, `${name}: ${error.message}`, {
    cause: error,
    details: [{ field: name, message: error.message }],
    ...(error.next === undefined ? {} : { next: error.next }),
  });
}
