import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, StasisError } from '@stasis/errors';
import type { SimulatedState } from './stateStore.ts';

/**
 * The files of runsc with `--compression=none` in runsc's own format, so that whatever reads an image reads this one:
 *
 *   checkpoint.img   "gVisorSF" · 8 bytes length, big endian · JSON of strings · two sections of objects
 *   pages.img        4 KiB pages
 *   pages_meta.img   8 bytes length, little endian · protobuf {1: version 1, 3: {1: start, 2: end, 5: committed}} · no objects
 *
 * A section of objects (gVisor pkg/state/wire) is a varint of ten bytes with bit 63 set and the number of objects below
 * it, then each object's number and the object; both here are strings.
 */
export const simulatedVersion = 'simulated-1';
const magic = Buffer.from('gVisorSF', 'latin1');
const pageSize = 4096;
const typeUint = 2;
const typeString = 7;

type Frozen = Pick<SimulatedState, 'count' | 'secret'>;

export function writeSimulatedImage(directory: string, state: SimulatedState, pages: number, at: string): void {
  const metadata = Buffer.from(
    JSON.stringify({
      compression: 'none',
      container_count: '1',
      container_specs: JSON.stringify({ __no_name_0: state.spec }),
      runsc_version: simulatedVersion,
      timestamp: at,
    }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(metadata.length));
  const frozen: Frozen = { count: state.count, secret: state.secret };
  const sections = [objects('no CPU features'), objects(JSON.stringify(frozen))];
  const write = (name: string, bytes: Buffer) => writeFileSync(join(directory, name), bytes, { flag: 'wx' });
  write('checkpoint.img', Buffer.concat([magic, length, metadata, ...sections]));
  write('pages.img', pagesOf(state, pages));
  write('pages_meta.img', pagesMeta(pages * pageSize));
}

/** Most pages stay equal from one checkpoint to the next, as those of a real program do; one in eight has changed. */
function pagesOf(state: SimulatedState, pages: number): Buffer {
  const bytes = Buffer.alloc(pages * pageSize);
  for (let page = 0; page < pages; page += 1)
    bytes.write(`${state.secret} ${page} ${page % 8 === 0 ? state.count : 0} `.repeat(64), page * pageSize, pageSize);
  return bytes;
}

function pagesMeta(bytes: number): Buffer {
  const range = Buffer.from([0x08, 0, 0x10, ...varint(bytes), 0x28, 1]);
  const message = Buffer.from([0x08, 1, 0x1a, range.length, ...range]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(message.length));
  return Buffer.concat([length, message, sectionHead(0)]);
}

const sectionHead = (count: number): Buffer => Buffer.from([0x80 | count, ...Array<number>(8).fill(0x80), 1]);

function objects(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([sectionHead(1), Buffer.from([typeUint, 1, typeString, ...varint(bytes.length)]), bytes]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

/** @throws StasisError RuntimeFailed when it is no image of this runtime. */
export function readSimulatedImage(directory: string): Frozen {
  const file = join(directory, 'checkpoint.img');
  try {
    const bytes = readFileSync(file);
    if (!bytes.subarray(0, 8).equals(magic)) throw new Error('it does not begin with gVisorSF');
    const end = 16 + Number(bytes.readBigUInt64BE(8));
    const metadata = JSON.parse(bytes.toString('utf8', 16, end)) as { runsc_version?: string };
    if (metadata.runsc_version !== simulatedVersion) throw new Error(`it was written by ${metadata.runsc_version}`);
    // The frozen JSON is the last object of the file and the only one that begins with a brace.
    return JSON.parse(bytes.toString('utf8', bytes.indexOf('{', end))) as Frozen;
  } catch (error) {
    throw new StasisError('RuntimeFailed', `simulated: cannot restore ${file}: ${messageOf(error)}`, { cause: error });
  }
}
