import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { followFile, logFileOf } from './logFile.ts';
import { runLine } from './testing/runLine.ts';

let home = '';
beforeEach(() => (home = mkdtempSync(path.join(tmpdir(), 'stasis-logs-'))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const write = (node: string, name: string, text: string): string => {
  const file = logFileOf(home, node, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};
const logs = (...words: string[]) => runLine(['logs', ...words], { STASIS_HOME: home });

it('prints the whole lines of the log of a unique name, or the last of them', async () => {
  write('node-a', 'web', 'one\ntwo\nthree\nhal');
  expect(await logs('web')).toMatchObject({ code: 0, out: 'one\ntwo\nthree\n' });
  expect(await logs('web', '--tail', '2')).toMatchObject({ out: 'two\nthree\n' });
  expect(JSON.parse((await logs('node-a/web', '-o', 'json')).out)).toMatchObject({
    ...{ container: 'node-a/web', lines: ['one', 'two', 'three'] },
  });
});

it('lists the candidates when two nodes have the name, exit 2', async () => {
  write('node-a', 'web', 'a\n');
  write('node-b', 'web', 'b\n');
  expect(await logs('web')).toMatchObject({ code: 2, err: expect.stringContaining('  node-b/web\n') as string });
  expect(await logs('web', '--node', 'node-b')).toMatchObject({ code: 0, out: 'b\n' });
});

it('exits 4 when there is no such log, and 2 on a name that would leave the home', async () => {
  expect(await logs('web')).toMatchObject({ code: 4 });
  expect(await logs('../../admin')).toMatchObject({ code: 2 });
});

it('follows what is appended, whole lines only, also across a character of several bytes', async () => {
  const file = write('node-a', 'web', 'old\n');
  const over = new AbortController();
  const lines: string[] = [];
  const euro = Buffer.from('€');
  setTimeout(() => appendFileSync(file, Buffer.concat([Buffer.from('new '), euro.subarray(0, 1)])), 20);
  setTimeout(() => appendFileSync(file, Buffer.concat([euro.subarray(1), Buffer.from('\nlast\n')])), 250);
  for await (const line of followFile(file, 4, over.signal)) {
    lines.push(line);
    if (line === 'last') over.abort();
  }
  expect(lines).toEqual(['new €', 'last']);
});
