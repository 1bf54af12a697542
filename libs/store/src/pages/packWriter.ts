import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { renameDurably, writeNew } from '@stasis/image';
import { fingerprintBlock } from './fingerprintBlocks.ts';
import { formatVersion, idBytes, maxFramesInPack, packFullBytes, packHeaderBytes, packMagic } from './format.ts';
import { release } from './memory.ts';
import { packPath, tempPath, type Places } from './places.ts';

/** Something for a pack, which takes the memory of `stored` over; `placed` hears where it went, with `number` for a frame of pages. */
export interface PackItem {
  readonly stored: Uint8Array;
  readonly secret: Uint8Array;
  /** Of a frame of pages: 64 of 16 bytes. */
  readonly prints?: Uint8Array;
  readonly placed: (place: { pack: number; number: number; offset: number }) => void;
}

export interface WrittenPack {
  readonly id: string;
  readonly fingerprintsAt: number;
  readonly bytes: number;
}

/** Bytes that may wait for the disk before `add` makes its caller wait too. */
const waitingBytes = 8 << 20;

/** Writes what a put adds into packs of bounded size; each is whole and durable before it gets its name. */
export class PackWriter {
  readonly written: WrittenPack[] = [];
  readonly #places: Places;
  readonly #sealed: boolean;
  readonly #queue: PackItem[] = [];
  readonly #done: Promise<void>;
  #bytes = 0;
  #ended = false;
  #failed: unknown;
  #more: () => void = () => {};
  #less: () => void = () => {};

  constructor(places: Places, sealed: boolean) {
    this.#places = places;
    this.#sealed = sealed;
    this.#done = this.#run();
    this.#done.catch((error: unknown) => {
      this.#failed = error;
      this.#less();
    });
  }

  async add(item: PackItem): Promise<void> {
    this.#queue.push(item);
    this.#bytes += item.stored.length;
    this.#more();
    while (this.#bytes > waitingBytes && this.#failed === undefined)
      await new Promise<void>((resolve) => {
        const others = this.#less;
        this.#less = () => {
          others();
          resolve();
        };
      });
    if (this.#failed !== undefined) throw this.#failed;
  }

  /** Resolves when all that was added is durable under its name. @throws StasisError NoSpace */
  async end(): Promise<void> {
    this.#ended = true;
    this.#more();
    await this.#done;
  }

  async #next(): Promise<PackItem | undefined> {
    while (this.#queue.length === 0 && !this.#ended)
      await new Promise<void>((resolve) => {
        this.#more = resolve;
      });
    const item = this.#queue.shift();
    if (item) this.#bytes -= item.stored.length;
    const waiting = this.#less;
    this.#less = () => {};
    waiting();
    return item;
  }

  async #run(): Promise<void> {
    for (let first = await this.#next(); first; first = await this.#next()) await this.#writePack(first);
  }

  async #writePack(first: PackItem): Promise<void> {
    const id = randomBytes(idBytes).toString('hex');
    const pack = this.written.length;
    const temp = tempPath(this.#places);
    const blocks: Buffer[] = [];
    let offset = packHeaderBytes;
    try {
      await writeNew(temp, async (write) => {
        await write(packHeader(id, this.#sealed));
        for (let item: PackItem | undefined = first; item;) {
          const { stored, secret, prints, placed } = item;
          const { length } = stored;
          await write(stored);
          release(stored);
          placed({ pack, number: blocks.length, offset });
          offset += length;
          if (prints)
            blocks.push(fingerprintBlock(prints, this.#sealed, secret, { packId: id, number: blocks.length }));
          item = offset >= packFullBytes || blocks.length === maxFramesInPack ? undefined : await this.#next();
        }
        if (blocks.length > 0) await write(Buffer.concat(blocks));
      });
      await renameDurably(temp, packPath(this.#places, id));
    } finally {
      await rm(temp, { force: true });
    }
    const fingerprintBytes = blocks.reduce((sum, block) => sum + block.length, 0);
    this.written.push({ id, fingerprintsAt: blocks.length === 0 ? 0 : offset, bytes: offset + fingerprintBytes });
  }
}

export function packHeader(id: string, sealed: boolean): Buffer {
  const header = Buffer.alloc(packHeaderBytes);
  packMagic.copy(header);
  header.writeUInt16LE(formatVersion, 8);
  header.writeUInt16LE(sealed ? 1 : 0, 10);
  header.write(id, 16, 'hex');
  return header;
}
