import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DeliveredMessage, topics } from '@stasis/bus';
import { newId, streamOf } from '@stasis/events';
import {
  checkProof,
  cosign,
  keyIdOf,
  newPrivateKey,
  openCosignatures,
  openTreeHead,
  parseVerifierKey,
  parseWitnessKey,
  type ProofAnswer,
  proofDocumentOf,
  readProof,
  witnessKey,
} from '@stasis/proof';
import { startPostgres } from '@stasis/testing';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { sealReason } from '../sealReason.ts';
import { factOf, useTestApi } from '../testApi.ts';

const witness = { name: 'witness.example/w1', privateKey: newPrivateKey() };
const t = useTestApi(startPostgres, { env: { STASIS_WITNESS_KEYS: witnessKey(witness) } });
let key: ReturnType<typeof parseVerifierKey>;

beforeAll(async () => {
  key = parseVerifierKey(await text('/v1/tree-heads/key'));
});

const text = async (route: string): Promise<string> => {
  const { body } = await t.call('GET', route, undefined, { accept: 'text/plain' });
  return String(body['text']);
};

/** Records one request for a checkpoint, with its reason's text beside it. @returns the event's id. */
const record = async (): Promise<string> => {
  const id = newId('ckp');
  const { leaf, text: reason, salt } = sealReason('kernel upgrade');
  const event = {
    ...factOf('node-1', 'checkpoint.requested', id, {
      container: 'node-1/web-1',
      node: 'node-1',
      run: 'run-1',
      generation: 1,
      leaveRunning: true,
      labels: {},
      deadline: '2100-01-01T00:00:00.000Z',
      reason: leaf,
    }),
    recordedtime: new Date().toISOString(),
  };
  const texts = [{ eventId: event.id, text: reason, salt }];
  const stream = streamOf('checkpoint.requested', id);
  const append = { ledger: 'default', stream, expectedVersion: 0, events: [event], texts };
  expect(await t.api.platform.ledger.append([append])).toMatchObject([{ outcome: 'appended' }]);
  return event.id;
};

interface Head {
  readonly size: number;
  readonly treeHead: string;
}

const heads = async (query: string): Promise<{ items: Head[]; next: string | null }> =>
  (await t.call('GET', `/v1/tree-heads?${query}`)).body as unknown as { items: Head[]; next: string | null };

const head = async (): Promise<Head> => (await t.call('GET', '/v1/tree-heads/latest')).body as unknown as Head;
const headOf = (size: number): Promise<Record<string, unknown>> =>
  t.until('/v1/tree-heads/latest', (body) => Number(body['size']) >= size);

describe('a proof', () => {
  it('is a tlog-proof for who accepts text/plain, and holds with the key alone', async () => {
    const id = await record();
    const file = await text(`/v1/audit/proof?event=${id}`);
    expect(file).toMatch(/^c2sp.org\/tlog-proof@v1\nextra /);
    expect(checkProof(readProof(file), { key })).toMatchObject({ holds: true, event: { id } });
  });

  it('carries the text of the reason while it exists', async () => {
    const { body } = await t.call('GET', `/v1/audit/proof?event=${await record()}`);
    const file = proofDocumentOf(body as unknown as ProofAnswer, keyIdOf(key));
    expect(file.text).toMatchObject({ text: 'kernel upgrade' });
    expect(checkProof(readProof(JSON.stringify(file)), { key })).toMatchObject({ holds: true });
  });

  it('is announced in both forms at /openapi.json', async () => {
    const { body } = await t.call('GET', '/openapi.json');
    const { paths } = body as { paths: Record<string, { get: { responses: { 200: { content: object } } } }> };
    for (const route of ['/v1/audit/proof', '/v1/tree-heads/latest'])
      expect(Object.keys(paths[route]!.get.responses[200].content)).toEqual(['application/json', 'text/plain']);
  });
});

describe('tree heads', () => {
  it('are signed at least once a second while events arrive, and all are kept and listed in pages', async () => {
    const from = (await head()).size;
    const begun = Date.now();
    while (Date.now() < begun + 3000) {
      await record();
      await sleep(10);
    }
    const last = await t.api.platform.ledger.head('default');
    await headOf(last);
    const all = await heads(`after=${from}`);
    expect(all.items.length).toBeGreaterThanOrEqual(Math.floor((Date.now() - begun) / 1000));
    const [first, second] = [await heads(`after=${from}&limit=2`), all.items.slice(0, 2)];
    expect(first).toMatchObject({ items: second, next: String(second[1]!.size) });
    expect((await heads(`after=${first.next}&limit=1`)).items).toEqual(all.items.slice(2, 3));
    for (const { size, treeHead } of all.items) expect(openTreeHead(treeHead, [key], 'stasis/default').size).toBe(size);
  });

  it('are all on the bus, in order of size', async () => {
    const { size } = await head();
    const kept = (await heads('after=0&limit=1000')).items;
    const sent = (): readonly DeliveredMessage[] =>
      t.broker
        .topic(topics.treeHeads)
        .flatMap(({ messages }) => messages)
        .filter(({ key: ledger }) => ledger === 'default');
    await vi.waitFor(() => expect(sent().some(({ headers }) => Number(headers['size']) >= size)).toBe(true), 10_000);
    expect(sent().map(({ value }) => Buffer.from(value).toString())).toEqual(kept.map(({ treeHead }) => treeHead));
  });

  it('are copied to the directory outside the database, byte for byte, and counted by verify', async () => {
    const kept = (await heads('after=-1&limit=1000')).items;
    const folder = path.join(t.home, 'tree-heads/default');
    await vi.waitFor(async () => expect((await readdir(folder)).length).toBe(kept.length), 10_000);
    for (const { size, treeHead } of kept)
      expect(await readFile(path.join(folder, `${size}.note`), 'utf8')).toBe(treeHead);
    const { body } = await t.call('GET', '/v1/audit/verify');
    expect(body).toMatchObject({ verified: true, treeHeads: { kept: kept.length, outside: kept.length } });
  });
});

describe('a cosignature', () => {
  const give = (size: number, cosignature: string, ledger = 'default') =>
    t.call('POST', '/v1/tree-heads/cosignatures', { ledger, size, cosignature }, { authorization: '' });

  it('of a configured witness is served with the note and in proofs, and taken once', async () => {
    const { size, treeHead } = await head();
    const first = await give(size, cosign(treeHead, witness, 1_700_000_000));
    expect(first.status).toBe(200);
    await give(size, cosign(treeHead, witness, 1_700_000_001));
    const note = String((await heads(`after=${size - 1}`)).items[0]!.treeHead);
    const known = [parseWitnessKey(witnessKey(witness))];
    expect(openCosignatures(note, known)).toEqual([{ witness: witness.name, time: 1_700_000_000 }]);
    expect(note.startsWith(treeHead)).toBe(true);
    expect((await head()).treeHead).toBe(note);
  });

  it('of anybody else, of another head or malformed is refused', async () => {
    const { size, treeHead } = await head();
    const stranger = cosign(treeHead, { name: 'stranger', privateKey: newPrivateKey() }, 1);
    expect(await give(size, stranger)).toMatchObject({ status: 403, body: { code: 'NotAuthorised' } });
    const imposter = cosign(treeHead, { ...witness, privateKey: newPrivateKey() }, 1);
    expect(await give(size, imposter)).toMatchObject({ status: 403, body: { code: 'NotAuthorised' } });
    const other = (await heads('after=0&limit=1')).items[0]!;
    const misplaced = cosign(other.treeHead, witness, 1);
    expect(await give(size, misplaced)).toMatchObject({ status: 422, body: { code: 'IntegrityMismatch' } });
    expect(await give(10 ** 9, misplaced)).toMatchObject({ status: 404 });
    expect(await give(size, `${misplaced}${misplaced}`)).toMatchObject({ status: 400 });
  });
});

// Last: it leaves the directory in contradiction to the database.
describe('a head that contradicts the directory', () => {
  it('is said by verify, /readyz and /metrics, and the copy stays', async () => {
    const folder = path.join(t.home, 'tree-heads/default');
    const { size } = await head();
    expect((await t.call('GET', '/readyz')).body).toMatchObject({ ready: true });
    const forged = path.join(folder, `${size + 3}.note`);
    for (let ahead = 1; ahead <= 20; ahead += 1) await writeFile(path.join(folder, `${size + ahead}.note`), 'another');
    await record();
    await vi.waitFor(async () => {
      const { status, body } = await t.call('GET', '/readyz');
      expect(status).toBe(503);
      expect(JSON.stringify(body)).toContain('has another tree head of size');
    }, 10_000);
    expect(await text('/metrics')).toMatch(/stasis_tree_head_forks_total\{ledger="default"\} [1-9]/);
    expect(await readFile(forged, 'utf8')).toBe('another');
    const { body } = await t.call('GET', '/v1/audit/verify');
    expect(body).toMatchObject({ verified: false });
    expect(String((body['firstBad'] as { message: string }).message)).toContain('kept outside');
  });
});
