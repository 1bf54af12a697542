import { ByteReader, ByteWriter, malformed } from './bytes.ts';
import { pageSize } from './format.ts';
import { readFrameTable, writeFrameTable, type FrameTable } from './frameTable.ts';
import { decodePageMap, encodePageMap } from './pageMap.ts';
import { keyBytes, secretBytes } from './sealing.ts';

/** A piece of a file that is kept whole. */
export interface WholeFrame {
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
  /** Of the file's bytes in it. */
  readonly plainLength: number;
  readonly secret: Uint8Array;
}

export type StoredFile = {
  readonly name: string;
  readonly size: number;
  /** `sha256:<hex>`. */
  readonly digest: string;
} & (
  | { readonly kind: 'whole'; readonly frames: readonly WholeFrame[] }
  | { readonly kind: 'pages'; readonly map: Int32Array }
);

/** All that is known of a stored image: it names packs and frames directly, so that reading one needs no other. */
export interface StoredImage {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly storedAt: number;
  /** Goes into the fingerprints of the whole lineage; 32 bytes. */
  readonly lineageKey: Uint8Array;
  readonly parent?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly table: FrameTable;
  readonly files: readonly StoredFile[];
}

const kinds = { whole: 0, pages: 1 } as const;

export function encodeBody(image: StoredImage): Buffer {
  const out = new ByteWriter();
  out.varint(image.storedAt);
  out.bytes(image.lineageKey);
  out.string(image.parent ?? '');
  const labels = Object.entries(image.labels);
  out.varint(labels.length);
  for (const label of labels) for (const text of label) out.string(text);
  writeFrameTable(out, image.table);
  out.varint(image.files.length);
  for (const file of image.files) {
    out.string(file.name);
    out.varint(file.size);
    out.bytes(Buffer.from(file.digest.slice('sha256:'.length), 'hex'));
    out.u8(kinds[file.kind]);
    if (file.kind === 'whole') writeWhole(out, file.frames);
    else {
      const runs = encodePageMap(file.map, image.table);
      out.varint(runs.length);
      out.bytes(runs);
    }
  }
  return out.done();
}

/** @throws StasisError IntegrityMismatch */
export function decodeBody(bytes: Buffer, id: string, sealed: boolean, packIds: readonly string[]): StoredImage {
  const from = new ByteReader(bytes);
  const storedAt = from.varint();
  const lineageKey = Buffer.from(from.bytes(keyBytes));
  const parent = from.string();
  const labels: Record<string, string> = {};
  for (let left = from.count(); left > 0; left--) labels[from.string()] = from.string();
  const table = readFrameTable(from, sealed, packIds);
  const files = Array.from({ length: from.count() }, (): StoredFile => {
    const name = from.string();
    if (!/^[^/\0]+$/.test(name) || name === '.' || name === '..') throw malformed('a file name that leads elsewhere');
    const size = from.varint();
    const digest = `sha256:${from.bytes(32).toString('hex')}`;
    const kind = from.u8();
    if (kind === kinds.whole) return { kind: 'whole', name, size, digest, frames: readWhole(from, table, size) };
    if (kind !== kinds.pages) throw malformed(`the kind ${kind} of a file`);
    const map = decodePageMap(from.bytes(from.varint()), Math.ceil(size / pageSize), table);
    return { kind: 'pages', name, size, digest, map };
  });
  from.end();
  return { id, storedAt, lineageKey, ...(parent !== '' && { parent }), labels, table, files };
}

function writeWhole(out: ByteWriter, frames: readonly WholeFrame[]): void {
  out.varint(frames.length);
  for (const { pack, offset, length, plainLength, secret } of frames) {
    out.varint(pack);
    out.varint(offset);
    out.varint(length);
    out.varint(plainLength);
    out.bytes(secret);
  }
}

function readWhole(from: ByteReader, { packs, sealed }: FrameTable, size: number): WholeFrame[] {
  let left = size;
  const frames = Array.from({ length: from.count() }, (): WholeFrame => {
    const pack = from.varint();
    if (pack >= packs.length) throw malformed('a pack that is not listed');
    const frame = { pack, offset: from.varint(), length: from.varint(), plainLength: from.varint() };
    left -= frame.plainLength;
    return { ...frame, secret: Buffer.from(from.bytes(secretBytes(sealed))) };
  });
  if (left !== 0) throw malformed('a file whose pieces are not its size');
  return frames;
}
