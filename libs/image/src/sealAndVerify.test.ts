import { mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StasisError } from '@stasis/errors';
import type { Manifest } from './manifest.ts';
import { manifestBytes, parseManifest, selfDigest } from './manifestBytes.ts';
import { sealImage } from './sealImage.ts';
import { sampleMeta, sealSampleImage } from './synthetic/index.ts';
import { verifyImage } from './verifyImage.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'stasis-image-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const write = (manifest: Manifest) => writeFile(join(dir, 'manifest.json'), manifestBytes(manifest));
const resealed = (manifest: Manifest, change: object): Manifest => {
  const changed = { ...manifest, ...change } as Manifest;
  return { ...changed, self: selfDigest(changed) };
};

describe('sealImage', { timeout: 60_000 }, () => {
  it('names every file with its size and digest, and verifyImage agrees', async () => {
    const sealed = await sealSampleImage(dir);
    expect(sealed.manifest.files.map((file) => file.name)).toEqual(['checkpoint.img', 'pages.img', 'pages_meta.img']);
    expect(sealed.manifest.files[1]?.size).toBe(8192);
    expect(await verifyImage(dir, sealed.manifestDigest)).toEqual(sealed);
  });

  it('writes manifest.json as its own RFC 8785 bytes, 0600, and leaves no temporary file', async () => {
    const { manifest } = await sealSampleImage(dir);
    expect(await readFile(join(dir, 'manifest.json'), 'utf8')).toBe(canonicalize(manifest));
    expect((await stat(join(dir, 'manifest.json'))).mode & 0o777).toBe(0o600);
    expect((await readdir(dir)).toSorted()).toEqual(['checkpoint.img', 'manifest.json', 'pages.img', 'pages_meta.img']);
  });

  it('succeeds again on the same bytes', async () => {
    const first = await sealSampleImage(dir);
    expect(await sealImage(dir, sampleMeta)).toEqual(first);
  });

  it('refuses to seal over another manifest and leaves that one', async () => {
    await sealSampleImage(dir);
    const before = await readFile(join(dir, 'manifest.json'));
    await expect(sealImage(dir, { ...sampleMeta, capturedAt: '2026-11-25T12:00:00.000Z' })).rejects.toMatchObject({
      code: 'IntegrityMismatch',
    });
    expect(await readFile(join(dir, 'manifest.json'))).toEqual(before);
  });

  it('refuses a directory without checkpoint.img', async () => {
    await writeFile(join(dir, 'pages.img'), 'x');
    await expect(sealImage(dir, sampleMeta)).rejects.toMatchObject({
      code: 'ImageIncomplete',
      message: expect.stringContaining('checkpoint.img'),
    });
  });

  it('refuses a symbolic link among the files', async () => {
    await sealSampleImage(dir);
    await rm(join(dir, 'manifest.json'));
    await symlink('/etc/hostname', join(dir, 'other.img'));
    await expect(sealImage(dir, sampleMeta)).rejects.toMatchObject({
      code: 'IntegrityMismatch',
      message: expect.stringContaining('other.img'),
    });
  });
});

describe('verifyImage', { timeout: 60_000 }, () => {
  it('catches any one flipped bit of any file, and names the file', async () => {
    const { manifest, manifestDigest } = await sealSampleImage(dir);
    const names = [...manifest.files.map((file) => file.name), 'manifest.json'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.nat(),
        fc.integer({ min: 0, max: 7 }),
        fc.boolean(),
        async (name, at, bit, digestKnown) => {
          const path = join(dir, name);
          const whole = await readFile(path);
          const flipped = Buffer.from(whole);
          const index = at % whole.length;
          flipped.writeUInt8(whole.readUInt8(index) ^ (1 << bit), index);
          await writeFile(path, flipped);
          try {
            await expect(verifyImage(dir, digestKnown ? manifestDigest : undefined)).rejects.toMatchObject({
              code: 'IntegrityMismatch',
              message: expect.stringContaining(name),
            });
          } finally {
            await writeFile(path, whole);
          }
        },
      ),
      { numRuns: 60 },
    );
    expect((await verifyImage(dir)).manifestDigest).toBe(manifestDigest);
  });

  it('catches every single flipped bit of manifest.json by itself, without a known digest', async () => {
    await sealSampleImage(dir);
    const whole = await readFile(join(dir, 'manifest.json'));
    expect(parseManifest(whole).format).toBe('stasis.image/v1');
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(whole.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(() => parseManifest(flipped)).toThrow(StasisError);
    }
  });

  it.each(['checkpoint.img', 'pages.img', 'pages_meta.img'])('says that %s is cut short', async (name) => {
    await sealSampleImage(dir);
    await truncate(join(dir, name), (await stat(join(dir, name))).size - 1);
    await expect(verifyImage(dir)).rejects.toMatchObject({
      code: 'ImageIncomplete',
      message: expect.stringContaining(name),
    });
  });

  it.each(['checkpoint.img', 'pages.img', 'pages_meta.img', 'manifest.json'])(
    'says that %s is missing',
    async (name) => {
      await sealSampleImage(dir);
      await rm(join(dir, name));
      await expect(verifyImage(dir)).rejects.toMatchObject({
        code: 'ImageIncomplete',
        message: expect.stringContaining(name),
      });
    },
  );

  it('refuses a file that grew, and an image file that the manifest does not name', async () => {
    await sealSampleImage(dir);
    await writeFile(join(dir, 'extra.img'), 'x');
    await expect(verifyImage(dir)).rejects.toMatchObject({ code: 'IntegrityMismatch' });
    await rm(join(dir, 'extra.img'));
    await writeFile(join(dir, 'pages.img'), 'x', { flag: 'a' });
    await expect(verifyImage(dir)).rejects.toMatchObject({ code: 'IntegrityMismatch' });
  });

  it('refuses a manifest with another digest than was recorded', async () => {
    await sealSampleImage(dir);
    await expect(verifyImage(dir, `sha256:${'0'.repeat(64)}`)).rejects.toMatchObject({
      code: 'IntegrityMismatch',
      message: expect.stringContaining('manifest.json'),
    });
  });

  it('refuses a manifest that is valid JSON of the same content in another form', async () => {
    const { manifest } = await sealSampleImage(dir);
    await writeFile(join(dir, 'manifest.json'), JSON.stringify(manifest, undefined, 1));
    await expect(verifyImage(dir)).rejects.toMatchObject({ message: expect.stringContaining('canonical') });
  });

  it('refuses an edited manifest whose own digest was not renewed', async () => {
    const { manifest } = await sealSampleImage(dir);
    await write({ ...manifest, capturedAt: '2020-01-01T00:00:00.000Z' });
    await expect(verifyImage(dir)).rejects.toMatchObject({ message: expect.stringContaining('self') });
  });

  it('refuses a format of a later version by its name', async () => {
    const { manifest } = await sealSampleImage(dir);
    await write(resealed(manifest, { format: 'stasis.image/v2' }));
    await expect(verifyImage(dir)).rejects.toMatchObject({
      code: 'IntegrityMismatch',
      message: expect.stringContaining('stasis.image/v2'),
    });
  });

  it('refuses a member that this version does not know', async () => {
    const { manifest } = await sealSampleImage(dir);
    await write(resealed(manifest, { extra: 1 }));
    await expect(verifyImage(dir)).rejects.toMatchObject({ message: expect.stringContaining('/extra') });
  });

  it.each(['../outside.img', 'a/b.img', '..', '.hidden', '/etc/passwd', '', 'manifest.json', 'x\u0000.img'])(
    'refuses the file name %j in a manifest',
    async (name) => {
      const { manifest } = await sealSampleImage(dir);
      const files = [...manifest.files.map((file, i) => (i === 0 ? { ...file, name } : file))];
      await write(resealed(manifest, { files }));
      await expect(verifyImage(dir)).rejects.toMatchObject({
        code: 'IntegrityMismatch',
        message: expect.stringContaining('not a plain file name'),
      });
    },
  );
});
