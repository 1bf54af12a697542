import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ByteStream } from './byteStream.ts';
import { readMemory } from './readState.ts';
import { unframeState } from './unframeState.ts';
import { NeedMore } from './wire.ts';

/**
 * Written by real builds: memory-2022.img is what stands between kernel and pages in the inflated checkpoint.img of
 * release 20221219, pages_meta-2024.img the file of that name of release 20240729, of a container with one private
 * memory file.
 */
const fixture = (name: string): Buffer => readFileSync(path.join(import.meta.dirname, 'fixtures', name));

async function* pieces(bytes: Uint8Array, size = 7): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) | 0x80, ...varint(value >> 7)]);
const raw = (length: number): Buffer => Buffer.concat([Buffer.from(varint(length)), Buffer.alloc(length)]);

describe('readMemory', () => {
  it('knows how many bytes of pages an image of 2022 must have, and counts those it has', async () => {
    const whole = Buffer.concat([fixture('memory-2022.img'), raw(8192), raw(176_128 - 8192)]);
    expect(await readMemory(new ByteStream(pieces(whole)), 'inline')).toEqual({ expected: 176_128, inline: 176_128 });
    const less = Buffer.concat([fixture('memory-2022.img'), raw(8192)]);
    expect(await readMemory(new ByteStream(pieces(less)), 'inline')).toEqual({ expected: 176_128, inline: 8192 });
  });

  it('knows how many bytes of pages an image of 2024 must have, private memory files and all', async () => {
    expect(await readMemory(new ByteStream(pieces(fixture('pages_meta-2024.img'))), 'beside')).toEqual({
      expected: 4_468_736,
      inline: 0,
    });
  });

  it('misses the private memory file in metadata of 2024 that end before it', async () => {
    const whole = fixture('pages_meta-2024.img');
    const second = whole.lastIndexOf('pkg/sentry/pgalloc.memAcctSet');
    const cut = whole.subarray(0, second - 12);
    await expect(readMemory(new ByteStream(pieces(cut)), 'beside')).rejects.toThrow('1 memory files where 2');
  });
});

describe('unframeState', () => {
  const framed = Buffer.from([0, 0, 0, 1, 7, 0, 0, 0, 3, 8, 9, 10]);

  const unframed = async (bytes: Uint8Array, size: number): Promise<number[]> => {
    const result: number[] = [];
    for await (const piece of unframeState(pieces(bytes, size))) result.push(...piece);
    return result;
  };

  it.each([1, 2, 5, 100])('takes the frames off, in pieces of %i', async (size) => {
    expect(await unframed(framed, size)).toEqual([7, 8, 9, 10]);
  });

  it.each([11, 9, 7, 6])('notices an end within a frame, at byte %i', async (length) => {
    await expect(unframed(framed.subarray(0, length), 4)).rejects.toBeInstanceOf(NeedMore);
  });
});
