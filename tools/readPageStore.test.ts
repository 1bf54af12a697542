import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '@stasis/store';

const run = promisify(execFile);
const script = path.join(import.meta.dirname, 'read-page-store.py');

const has = (command: string, ...args: string[]): Promise<boolean> =>
  run(command, args).then(
    () => true,
    () => false,
  );
const reader = (await has('python3', '--version')) && (await has('zstd', '--version'));
const cipher = reader && (await has('python3', '-c', 'import cryptography'));

/** One word in some pages: those become patches. */
const withChanges = (pages: Buffer): Buffer => {
  const copy = Buffer.from(pages);
  for (let page = 110; page < 200; page += 3) copy.writeUInt32LE(page, page * 4096);
  return copy;
};

/** Written from the format's page alone: what it extracts shows that the page says all that a reader needs. */
describe('read-page-store.py', { timeout: 60_000 }, () => {
  let work: string;
  beforeEach(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'stasis-reader-'));
  });
  afterEach(() => rm(work, { recursive: true, force: true }));

  it.for([
    ['plain', '1', reader, 'python3 and zstd'],
    ['encrypted', '0', cipher, 'python3 with cryptography, and zstd'],
  ] as const)('extracts an image and its child from a store that is %s', async ([, plain, able, needs], context) => {
    if (!able && process.env['CI'] !== 'true') context.skip(`it needs ${needs}`);
    const env = { STASIS_STORE_KEY: path.join(work, 'key'), STASIS_STORE_PLAIN: plain };
    const store = await openStore(pathToFileURL(path.join(work, 'store')).href, env);
    const pages = Buffer.concat([randomBytes(300 * 4096), Buffer.alloc(500 * 4096), Buffer.alloc(200 * 4096, 'text ')]);
    const images = {
      first: pages,
      second: Buffer.concat([withChanges(pages).subarray(100 * 4096), randomBytes(5000)]),
    };
    for (const [id, bytes] of Object.entries(images)) {
      await mkdir(path.join(work, id));
      await writeFile(path.join(work, id, 'pages.img'), bytes);
      await writeFile(path.join(work, id, 'checkpoint.img'), randomBytes(600_000));
      await store.putDirectory(id, path.join(work, id), id === 'second' ? { parent: 'first' } : {});
    }
    const python = (...args: string[]) => run('python3', [script, ...args], { env: { ...process.env, ...env } });
    const { stdout } = await python(path.join(work, 'store'));
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual(['first', 'second', '']);
    for (const id of Object.keys(images)) {
      const out = path.join(work, `${id}-out`);
      await python(path.join(work, 'store'), id, out);
      expect((await readdir(out)).toSorted()).toEqual(['checkpoint.img', 'pages.img']);
      for (const name of await readdir(out))
        expect((await readFile(path.join(out, name))).equals(await readFile(path.join(work, id, name)))).toBe(true);
    }
  });
});
