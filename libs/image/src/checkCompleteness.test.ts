import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkCompleteness } from './checkCompleteness.ts';
import { type SyntheticCapture, writeRuntimeFiles } from './synthetic/index.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'stasis-image-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Bytes that do not compress, so that a chunk of the compressed form is about as long as what is in it. */
const noise = (length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  let state = 1;
  for (let at = 0; at < length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes;
};

const capture: SyntheticCapture = { pages: noise(5 << 12), privatePages: [noise(4096), Buffer.alloc(0)] };

/** What the check says of the image: `whole`, or code and message of its refusal. */
const verdict = async (): Promise<string> =>
  checkCompleteness(dir).then(
    () => 'whole',
    (error: Error) => `${String(Reflect.get(error, 'code'))} ${error.message}`,
  );

describe('checkCompleteness', { timeout: 60_000 }, () => {
  it.each(['none', 'flate-best-speed'] as const)('finds a whole image whole: %s', async (compression) => {
    await writeRuntimeFiles(dir, { ...capture, compression });
    expect(await checkCompleteness(dir)).toEqual({ exact: true, pageBytes: 6 << 12 });
  });

  it('reads over pages that take many pieces and many chunks', async () => {
    await writeRuntimeFiles(dir, { pages: noise(5 << 20), compression: 'flate-best-speed' });
    expect(await checkCompleteness(dir)).toEqual({ exact: true, pageBytes: 5 << 20 });
  });

  it('notices every shorter length of every file of an uncompressed image, and names the file', async () => {
    await writeRuntimeFiles(dir, { pages: Buffer.alloc(4096, 1), privatePages: [Buffer.alloc(4096, 2)] });
    for (const name of ['checkpoint.img', 'pages.img', 'pages_meta.img']) {
      const path = join(dir, name);
      const whole = await readFile(path);
      const step = name === 'pages.img' ? 512 : 1;
      for (let length = 0; length < whole.length; length += step) {
        await writeFile(path, whole.subarray(0, length));
        expect(`at ${length}: ${await verdict()}`).toMatch(`at ${length}: ImageIncomplete ${name} `);
      }
      await writeFile(path, whole);
    }
    expect(await checkCompleteness(dir)).toMatchObject({ exact: true });
  });

  it('notices every shorter length of a compressed image, also between two chunks', async () => {
    await writeRuntimeFiles(dir, { pages: noise(3 << 20), compression: 'flate-best-speed' });
    const path = join(dir, 'checkpoint.img');
    const whole = await readFile(path);
    const header = 16 + whole.readUInt32BE(12);
    const ends = [header, header + 4];
    for (let at = header + 4; at < whole.length; at += 4 + whole.readUInt32BE(at)) ends.push(at);
    expect(ends.length).toBeGreaterThan(4);
    const cut = async (length: number) => {
      await writeFile(path, whole.subarray(0, length));
      expect(`at ${length}: ${await verdict()}`).toMatch(`at ${length}: ImageIncomplete checkpoint.img `);
    };
    for (const end of ends) for (const length of [end, end + 1, end + 3]) await cut(length);
    await fc.assert(fc.asyncProperty(fc.nat(whole.length - 1), cut), { numRuns: 30 });
  });

  it('notices a file that goes on after its end', async () => {
    await writeRuntimeFiles(dir, capture);
    for (const name of ['checkpoint.img', 'pages.img', 'pages_meta.img']) {
      const path = join(dir, name);
      const { size } = await stat(path);
      await writeFile(path, Buffer.alloc(4096), { flag: 'a' });
      expect(await verdict()).toMatch(`ImageIncomplete ${name} `);
      await truncate(path, size);
    }
  });

  it.each([1, 3, 4, 5, 4096])('notices %i bytes after the last chunk of a compressed image', async (extra) => {
    await writeRuntimeFiles(dir, { ...capture, compression: 'flate-best-speed' });
    await writeFile(join(dir, 'checkpoint.img'), Buffer.alloc(extra), { flag: 'a' });
    expect(await verdict()).toMatch('ImageIncomplete checkpoint.img ');
  });

  it.each(['checkpoint.img', 'pages.img', 'pages_meta.img'])('notices that %s is missing', async (name) => {
    await writeRuntimeFiles(dir, capture);
    await rm(join(dir, name));
    await expect(checkCompleteness(dir)).rejects.toMatchObject({
      code: 'ImageIncomplete',
      message: expect.stringContaining(name),
    });
  });

  it('says both lengths when pages.img is shorter than its metadata say', async () => {
    await writeRuntimeFiles(dir, capture);
    await truncate(join(dir, 'pages.img'), (6 << 12) - 4096);
    await expect(checkCompleteness(dir)).rejects.toMatchObject({
      message: expect.stringContaining('20480 bytes of pages where pages_meta.img says 24576'),
    });
  });

  it('answers any bytes in the place of a file with a refusal, never with another error', async () => {
    await writeRuntimeFiles(dir, capture);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('checkpoint.img', 'pages_meta.img'),
        fc.uint8Array({ maxLength: 300 }),
        fc.nat(400),
        async (name, bytes, keep) => {
          const path = join(dir, name);
          const whole = await readFile(path);
          await writeFile(path, Buffer.concat([whole.subarray(0, keep % whole.length), bytes]));
          expect(await verdict()).toMatch(/^(ImageIncomplete |IntegrityMismatch |whole$)/);
          await writeFile(path, whole);
        },
      ),
      { numRuns: 100 },
    );
  });
});
