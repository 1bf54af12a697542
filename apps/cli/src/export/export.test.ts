import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { leafHash, newPrivateKey, originOf, rootOf, signTreeHeadNote, toBase64, verifierKey } from '@stasis/proof';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Ran, runLine } from '../testing/runLine.ts';

let directory: string;
let server: Server | undefined;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stasis-export-'));
});
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
  await rm(directory, { recursive: true, force: true });
});

const read = 'evt_01kb0000000000000000000000';
const name = originOf('default');
const privateKey = newPrivateKey();
const leaves = [1, 2, 3, 4].map((n) => leafHash(new Uint8Array([n])));
const noteOf = (size: number, hashes = leaves): string =>
  signTreeHeadNote({ origin: name, size, root: rootOf(hashes, 0, size) }, { name, privateKey });

const event = (position: number): string => `${JSON.stringify({ id: `evt_${position}`, position })}\n`;
const lastOf = (lines: string, rows: number): string => {
  const digest = `sha256:${createHash('sha256').update(lines).digest('hex')}`;
  return `${JSON.stringify({ id: 'evt_end', type: 'dev.stasis.audit.exported.v1', data: { read, rows, digest } })}\n`;
};

/** An api whose export is what `answer` writes, under a tree of four events. */
const against = async (answer: (url: string, response: ServerResponse) => void, ...words: string[]): Promise<Ran> => {
  server ??= createServer((request, response) => {
    const url = request.url ?? '';
    if (url.startsWith('/v1/audit/export')) {
      response.writeHead(200, { 'stasis-export-read': read, 'stasis-export-up-to': '4' });
      return answer(url, response);
    }
    if (url.startsWith('/v1/tree-heads/key')) return response.end(verifierKey({ name, privateKey }));
    const head = { origin: name, size: 4, root: toBase64(rootOf(leaves, 0, 4)), treeHead: noteOf(4) };
    if (url.startsWith('/v1/tree-heads/latest')) return response.end(JSON.stringify(head));
    const hashes = [toBase64(rootOf(leaves, 2, 4))];
    return response.end(JSON.stringify({ from: 2, to: 4, hashes }));
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const out = path.join(directory, 'out');
  return runLine(['audit', 'export', '--out', out, ...words], {
    STASIS_SERVER: `http://127.0.0.1:${port}`,
    STASIS_TOKEN: 'secret',
  });
};
const whole = [1, 2, 3, 4].map(event).join('');
const manifestIn = async (): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(path.join(directory, 'out', 'manifest.json'), 'utf8')) as Record<string, unknown>;

it('writes the events and a manifest with digest, range and a tree head that covers it', async () => {
  const { code, err } = await against((_, response) => response.end(whole + lastOf(whole, 4)));
  expect([code, err]).toEqual([0, '']);
  expect(await readFile(path.join(directory, 'out', 'events.ndjson'), 'utf8')).toBe(whole);
  expect(await manifestIn()).toMatchObject({
    rows: 4,
    sha256: createHash('sha256').update(whole).digest('hex'),
    range: { after: 0, upTo: 4 },
    read,
    exported: 'evt_end',
    treeHead: noteOf(4),
  });
});

it('goes on after the last whole line when the connection breaks', async () => {
  const asked: string[] = [];
  const { code } = await against((url, response) => {
    asked.push(url);
    if (asked.length === 1) {
      response.write(event(1) + event(2) + event(3).slice(0, 9));
      return void setTimeout(() => response.destroy(), 100);
    }
    const rest = [2, 3, 4].map(event).join('');
    return void response.end(rest + lastOf(rest, 3));
  });
  expect(code).toBe(0);
  // The second line was held back, since it could have been the last: it is asked for again.
  expect(asked[1]).toContain(`cursor=1.${read}`);
  expect(await readFile(path.join(directory, 'out', 'events.ndjson'), 'utf8')).toBe(whole);
});

it('fails when a line was changed on the way', async () => {
  const { code, err } = await against((_, response) =>
    response.end(whole.replace('evt_3', 'evt_x') + lastOf(whole, 4)),
  );
  expect(code).toBe(3);
  expect(err).toContain('IntegrityMismatch');
});

const earlier = async (change: object): Promise<string> => {
  const file = path.join(directory, 'earlier.json');
  const one = {
    ...{ kind: 'stasis-export/1', ledger: 'default', filter: {}, file: 'f', format: 'ndjson', rows: 2, bytes: 1 },
    ...{ sha256: '', range: { after: 0, upTo: 2 }, read, exported: 'evt_e' },
    ...{ treeHead: noteOf(2), verifierKey: verifierKey({ name, privateKey }), ...change },
  };
  await writeFile(file, JSON.stringify(one));
  return file;
};

it('goes on after an earlier export, and proves that the ledger only grew since', async () => {
  const rest = event(3) + event(4);
  const asked: string[] = [];
  const answer = (url: string, response: ServerResponse): void => {
    asked.push(url);
    response.end(rest + lastOf(rest, 2));
  };
  const { code } = await against(answer, '--previous', await earlier({}));
  expect(code).toBe(0);
  expect(asked[0]).toContain('after=2');
  expect(await manifestIn()).toMatchObject({ previous: { upTo: 2, treeSize: 2, missing: 0 } });
});

it('says how many positions lie between two exports', async () => {
  const answer = (_: string, response: ServerResponse): void => void response.end(event(4) + lastOf(event(4), 1));
  const { err } = await against(answer, '--previous', await earlier({}), '--after', '3');
  expect(err).toContain('1 positions lie between');
});

it('fails when the ledger of the earlier export was rewritten', async () => {
  const others = [9, 8].map((n) => leafHash(new Uint8Array([n])));
  const file = await earlier({ treeHead: noteOf(2, others) });
  const { code, err } = await against((_, response) => response.end(whole + lastOf(whole, 4)), '--previous', file);
  expect(code).toBe(3);
  expect(err).toContain('was rewritten');
});
