import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renameDurably, writeDurably, writeNew } from './durableFile.ts';
import { writeRuntimeFiles } from './synthetic/index.ts';

const run = promisify(execFile);

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'stasis-image-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('durable writes', () => {
  it('replace a file as a whole, 0600, and leave nothing else', async () => {
    const path = join(dir, 'file');
    await writeFile(path, 'old', { mode: 0o644 });
    await writeDurably(path, Buffer.from('new'));
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(dir)).toEqual(['file']);
  });

  it('leave no temporary file when they fail', async () => {
    await mkdir(join(dir, 'taken', 'inside'), { recursive: true });
    await expect(writeDurably(join(dir, 'taken'), Buffer.from('x'))).rejects.toThrow();
    expect(await readdir(dir)).toEqual(['taken']);
  });

  it('refuse to make a new file over one that is there', async () => {
    await writeFile(join(dir, 'file'), 'old');
    await expect(writeNew(join(dir, 'file'), (write) => write(Buffer.from('new')))).rejects.toMatchObject({
      code: 'EEXIST',
    });
    expect(await readFile(join(dir, 'file'), 'utf8')).toBe('old');
  });

  it('move a file from one directory to another', async () => {
    await mkdir(join(dir, 'a'));
    await writeFile(join(dir, 'a', 'file'), 'x');
    await renameDurably(join(dir, 'a', 'file'), join(dir, 'file'));
    expect((await readdir(dir)).toSorted()).toEqual(['a', 'file']);
  });
});

const namespaces = await run('unshare', ['--user', '--map-root-user', '--mount', 'true']).then(
  () => true,
  () => false,
);

describe('on a full file system', { timeout: 60_000 }, () => {
  it('can be tried on this machine', (context) => {
    const reason = 'user namespaces are not allowed here, so no small file system can be mounted';
    if (!namespaces && process.env['CI'] !== 'true') context.skip(reason);
    expect(namespaces ? 'tried' : reason).toBe('tried');
  });

  it.runIf(namespaces)('durable writes are NoSpace and leave no file; a whole image is not relied on', async () => {
    await mkdir(join(dir, 'small'));
    await mkdir(join(dir, 'image'));
    await writeRuntimeFiles(join(dir, 'image'), { pages: Buffer.alloc(4096, 1) });
    const program = `
      import { execFileSync } from 'node:child_process';
      import { cpSync, readdirSync, writeFileSync } from 'node:fs';
      import { checkCompleteness, writeDurably } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
      const [small, image] = process.argv.slice(1);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', small]);
      const codeOf = (error) => error.code;
      const write = await writeDurably(small + '/file', Buffer.alloc(2 << 20)).catch(codeOf);
      const left = readdirSync(small);
      cpSync(image, small + '/image', { recursive: true });
      const roomy = await checkCompleteness(small + '/image').catch(codeOf);
      try {
        writeFileSync(small + '/filler', Buffer.alloc(2 << 20));
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
      }
      const full = await checkCompleteness(small + '/image').catch(codeOf);
      console.log(JSON.stringify({ write, left, roomy, full }));`;
    const { stdout } = await run('unshare', [
      ...['--user', '--map-root-user', '--mount', process.execPath, '--input-type=module', '--eval', program],
      ...[join(dir, 'small'), join(dir, 'image')],
    ]);
    expect(JSON.parse(stdout)).toEqual({
      write: 'NoSpace',
      left: [],
      roomy: { exact: true, pageBytes: 4096 },
      full: 'NoSpace',
    });
  });
});
