import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readHeader } from './readHeader.ts';
import { writeRuntimeFiles } from './synthetic/index.ts';

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'stasis-image-'));
  path = join(dir, 'checkpoint.img');
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const head = (json: string, length = Buffer.byteLength(json)): Buffer => {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(length));
  return Buffer.concat([Buffer.from('gVisorSF'), size, Buffer.from(json)]);
};

describe('readHeader', () => {
  it('reads version, compression and specs as the 2026 build writes them', async () => {
    const specs = { __no_name_0: { ociVersion: '1.0.0', root: { path: '/' } } };
    await writeRuntimeFiles(dir, {
      pages: Buffer.alloc(4096),
      metadata: { runsc_version: 'release-20260905.0', container_specs: JSON.stringify(specs), _timestamp: 'now' },
    });
    const header = await readHeader(path);
    expect(header).toMatchObject({
      compression: 'none',
      runtimeVersion: 'release-20260905.0',
      containerSpecs: specs,
      metadata: { _timestamp: 'now' },
    });
    expect(header.dataOffset).toBe(16 + (await readFile(path)).readUInt32BE(12));
  });

  it('reads the header of 2022, which carries its own hash and is always compressed', async () => {
    const begin = head('{"_timestamp":"then"}');
    await writeFile(path, Buffer.concat([begin, createHmac('sha256', '').update(begin).digest(), Buffer.alloc(4)]));
    expect(await readHeader(path)).toEqual({
      metadata: { _timestamp: 'then' },
      compression: 'flate-best-speed',
      dataOffset: begin.length + 32,
      hashed: true,
    });
    const flipped = await readFile(path);
    flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
    await writeFile(path, flipped);
    await expect(readHeader(path)).rejects.toMatchObject({ code: 'IntegrityMismatch' });
  });

  it.each<[string, Buffer, string]>([
    ['an empty file', Buffer.alloc(0), 'ImageIncomplete'],
    ['a file of 15 bytes', Buffer.from('gVisorSF1234567'), 'ImageIncomplete'],
    ['metadata cut short', head('{"a":"b"}', 100), 'ImageIncomplete'],
    ['another magic', Buffer.from('gVisorSX\0\0\0\0\0\0\0\x02{}'), 'IntegrityMismatch'],
    [
      'a length beyond all bounds',
      Buffer.from('gVisorSF\x7f\xff\xff\xff\xff\xff\xff\xff', 'latin1'),
      'IntegrityMismatch',
    ],
    ['metadata that is no JSON', head('{"a"'), 'IntegrityMismatch'],
    ['metadata that is a list', head('[]'), 'IntegrityMismatch'],
    ['a value that is no string', head('{"a":1}'), 'IntegrityMismatch'],
    ['an unknown compression', head('{"compression":"zstd"}'), 'IntegrityMismatch'],
  ])('refuses %s', async (_, bytes, code) => {
    await writeFile(path, bytes);
    await expect(readHeader(path)).rejects.toMatchObject({ code, message: expect.stringContaining('checkpoint.img') });
  });

  it('says that the file is missing', async () => {
    await expect(readHeader(path)).rejects.toMatchObject({ code: 'ImageIncomplete' });
  });
});
