import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { pagesFileName, pagesMetaFileName } from '../checkCompleteness.ts';
import { checkpointFileName, type Manifest } from '../manifest.ts';

/**
 * Writes the files of a checkpoint in the layout of the 2026 runsc (readHeader.ts, runsc/readState.ts), with contents
 * made up: what the simulated runtime captures and what tests damage. No runsc can restore them.
 */
export interface SyntheticCapture {
  /** Keys of the header beside those that are always there; the simulated runtime keeps its own state in them. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The container's memory; its length is made a multiple of 4096 with zeros. */
  readonly pages: Uint8Array;
  /** Private memory files beside the main one (tmpfs of a container), likewise. */
  readonly privatePages?: readonly Uint8Array[];
  readonly compression?: Manifest['compression'];
}

export async function writeRuntimeFiles(dir: string, capture: SyntheticCapture): Promise<void> {
  const compression = capture.compression ?? 'none';
  const main = wholePages(capture.pages);
  const others = (capture.privatePages ?? []).map(wholePages);
  const header = headerBytes({ compression, ...capture.metadata });
  const kernel = Buffer.concat([
    objects([string('simulated CPU features')]),
    objects([string('simulated kernel'), array([1, 2, 3])]),
  ]);
  if (compression === 'none') {
    await writeFile(join(dir, checkpointFileName), Buffer.concat([header, kernel]), { mode: 0o644 });
    await writeFile(join(dir, pagesFileName), Buffer.concat([main, ...others]), { mode: 0o644 });
    await writeFile(
      join(dir, pagesMetaFileName),
      memory(main, others, () => []),
      { mode: 0o644 },
    );
    return;
  }
  const state = Buffer.concat([kernel, memory(main, others, (pages) => (pages.length === 0 ? [] : [raw(pages)]))]);
  await writeFile(join(dir, checkpointFileName), Buffer.concat([header, chunked(state)]), { mode: 0o644 });
}

function headerBytes(metadata: Readonly<Record<string, string>>): Buffer {
  const json = Buffer.from(JSON.stringify(metadata), 'utf8');
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(json.length));
  return Buffer.concat([Buffer.from('gVisorSF', 'latin1'), length, json]);
}

const wholePages = (bytes: Uint8Array): Buffer =>
  Buffer.concat([bytes, Buffer.alloc((4096 - (bytes.length % 4096)) % 4096)]);

const memory = (main: Buffer, others: readonly Buffer[], pagesOf: (pages: Buffer) => Buffer[]): Buffer =>
  Buffer.concat([
    ...memoryFile(main),
    ...pagesOf(main),
    objects([struct(slice(others.length))], [type('pkg/sentry/kernel.privateMemoryFileMetadata', ['owners'])]),
    ...others.flatMap((pages) => [...memoryFile(pages), ...pagesOf(pages)]),
  ]);

/** Length and protobuf: version 1, and one committed range over all pages. */
function memoryFile(pages: Buffer): Buffer[] {
  const range = [0x08, ...varint(0), 0x10, ...varint(pages.length), 0x28, 1];
  const message = Buffer.from([0x08, 1, ...(pages.length === 0 ? [] : [0x1a, range.length, ...range])]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(message.length));
  return [length, message];
}

function chunked(state: Buffer): Buffer {
  const uint32 = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return bytes;
  };
  const parts = [uint32(chunkSize)];
  for (let at = 0; at < state.length; at += chunkSize) {
    const chunk = deflateRawSync(state.subarray(at, at + chunkSize), { level: 1 });
    parts.push(uint32(chunk.length), chunk);
  }
  return Buffer.concat(parts);
}

const chunkSize = 1 << 20;

/** pkg/state's varint; `objects` sets bit 63, which only the tenth byte holds. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) | 0x80);
  }
}

const objectsHead = (count: number): number[] =>
  Array.from({ length: 9 }, (_, i) => 0x80 | (Math.floor(count / 128 ** i) % 128)).concat(1);

/** Types first, then each object under its number. */
const objects = (contents: readonly number[][], types: readonly number[][] = []): Buffer =>
  Buffer.from([
    ...objectsHead(contents.length),
    ...types.flat(),
    ...contents.flatMap((content, i) => [2, ...varint(i + 1), ...content]),
  ]);

const raw = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from(varint(bytes.length)), bytes]);
const text = (value: string): number[] => [...varint(value.length), ...Buffer.from(value, 'latin1')];
const string = (value: string): number[] => [7, ...text(value)];
const type = (name: string, fields: readonly string[]): number[] => [
  17,
  ...text(name),
  ...varint(fields.length),
  ...fields.flatMap(text),
];
const array = (values: readonly number[]): number[] => [9, ...varint(values.length), 2, ...values.flatMap(varint)];
const slice = (length: number): number[] => (length === 0 ? [5] : [8, ...varint(length), ...varint(length), 2, 0]);
const struct = (field: number[]): number[] => [11, 1, ...field];
