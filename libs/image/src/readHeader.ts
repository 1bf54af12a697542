import { createHmac } from 'node:crypto';
import { messageOf, StasisError } from '@stasis/errors';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Manifest } from './manifest.ts';
import { openImageFile } from './readFiles.ts';
import { fileFault } from './verifyImage.ts';

/**
 * The head of checkpoint.img, as gVisor's pkg/state/statefile writes it:
 *
 *   8 bytes magic "gVisorSF" · 8 bytes length N, big endian · N bytes JSON, strings by string · the state
 *
 * Builds of 2022 and 2024 put 32 bytes between JSON and state: HMAC-SHA-256, with an empty key, of all before them. Keys
 * of 2022: _timestamp, cpu_usage, timestamp. Later also: compression, container_count, and in 2026 container_specs,
 * gvisor_cpu_usage, gvisor_wall_time, network, runsc_version.
 */
export interface ImageHeader {
  readonly metadata: Readonly<Record<string, string>>;
  /** Builds that do not say always compressed. */
  readonly compression: Manifest['compression'];
  /** Absent in builds of 2022. */
  readonly runtimeVersion?: string;
  /**
   * Specs by container name as the runtime kept them; absent in builds of 2022. For people only: the runtime rewrites
   * mount sources in them.
   */
  readonly containerSpecs?: Readonly<Record<string, unknown>>;
  /** Where in the file the state begins. */
  readonly dataOffset: number;
  /** The header carries its own hash, as in builds of 2022 and 2024; those also put uncompressed state in frames. */
  readonly hashed: boolean;
}

const magic = Buffer.from('gVisorSF', 'latin1');
const maxMetadataBytes = 16 << 20;

/**
 * @throws StasisError ImageIncomplete when the file is missing or ends within its header, IntegrityMismatch when it is
 *   no checkpoint image
 */
export async function readHeader(path: string): Promise<ImageHeader> {
  const handle = await openImageFile(path);
  try {
    return await headerOf(handle, path);
  } finally {
    await handle.close();
  }
}

/** As `readHeader`, of a file that is open already. */
export async function headerOf(handle: FileHandle, path: string): Promise<ImageHeader> {
  const fixed = await readExactly(handle, 0, 16, path);
  if (!fixed.subarray(0, 8).equals(magic)) throw notAnImage(path, 'does not begin as a gVisor checkpoint');
  const length = fixed.readBigUInt64BE(8);
  if (length > BigInt(maxMetadataBytes)) throw notAnImage(path, `claims ${length} bytes of metadata`);
  const metadata = parseMetadata(await readExactly(handle, 16, Number(length), path), path);
  const compression = metadata['compression'] ?? 'flate-best-speed';
  if (compression !== 'none' && compression !== 'flate-best-speed')
    throw notAnImage(path, `has the unknown compression ${JSON.stringify(compression)}`);
  const specs = metadata['container_specs'];
  const end = 16 + Number(length);
  const hashed = await hasHash(handle, end, path);
  if (metadata['compression'] === undefined && !hashed)
    throw notAnImage(path, 'has a header that does not match its own hash');
  return {
    metadata,
    compression,
    ...(metadata['runsc_version'] === undefined ? {} : { runtimeVersion: metadata['runsc_version'] }),
    ...(specs === undefined ? {} : { containerSpecs: parseObject(specs, path) }),
    dataOffset: hashed ? end + hashBytes : end,
    hashed,
  };
}

const hashBytes = 32;

/** Whether the hash of the header follows it. In a file that ends there, it does not. */
async function hasHash(handle: FileHandle, end: number, path: string): Promise<boolean> {
  if ((await handle.stat()).size < end + hashBytes) return false;
  const written = await readExactly(handle, end, hashBytes, path);
  const hash = createHmac('sha256', '').update(await readExactly(handle, 0, end, path));
  return hash.digest().equals(written);
}

async function readExactly(handle: FileHandle, at: number, length: number, path: string): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await handle.read(bytes, done, length - done, at + done);
    if (bytesRead === 0)
      throw fileFault('ImageIncomplete', basename(path), `ends within its header, at byte ${at + done}`, dirname(path));
    done += bytesRead;
  }
  return bytes;
}

function parseMetadata(bytes: Buffer, path: string): Readonly<Record<string, string>> {
  const value = parseObject(bytes.toString('utf8'), path);
  for (const [key, text] of Object.entries(value))
    if (typeof text !== 'string') throw notAnImage(path, `has the metadata ${JSON.stringify(key)} that is no string`);
  return value as Readonly<Record<string, string>>;
}

function parseObject(text: string, path: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw notAnImage(path, `has metadata that is not JSON: ${messageOf(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw notAnImage(path, 'has metadata that is no JSON object');
  return value as Readonly<Record<string, unknown>>;
}

const notAnImage = (path: string, what: string): StasisError => {
  return fileFault('IntegrityMismatch', basename(path), what, dirname(path));
};
