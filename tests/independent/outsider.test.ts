import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { newPrivateKey, witnessKey } from '@stasis/proof';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runLine } from '../../apps/cli/src/testing/runLine.ts';
import { loadWitnessKey } from '../../apps/cli/src/witness/witnessKeyFile.ts';
import { type LiveLedger, startLiveLedger } from '../../tools/attack/liveLedger.ts';

const run = promisify(execFile);
const hasGo = await run('go', ['version']).then(
  () => true,
  () => false,
);
// Under CI a missing Go is a failure, not a reason to skip.
const usesGo = hasGo || process.env['CI'] === 'true';
const missing = usesGo ? '' : ' (skipped: Go is not installed; apt-get install golang)';

let directory: string;
let live: LiveLedger;
let env: Record<string, string>;
let eventId: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stasis-outsider-'));
  const witness = loadWitnessKey(inside('w1.key'), 'w1.example.org');
  live = await startLiveLedger({ STASIS_WITNESS_KEYS: witnessKey(witness) });
  env = { STASIS_SERVER: live.api.api.url, STASIS_TOKEN: live.api.token };
  await live.record(3);
  eventId = (await live.api.api.platform.ledger.read('default', { after: 9, limit: 1 }))[0]!.event.id;
  await writeFile(inside('ledger.pub'), await textOf('/v1/tree-heads/key'));
});

afterAll(async () => {
  await live?.stop();
  await rm(directory, { recursive: true, force: true });
});

const inside = (name: string): string => path.join(directory, name);

const textOf = async (route: string): Promise<string> => {
  const headers = { authorization: `Bearer ${live.api.token}`, accept: 'text/plain' };
  return (await fetch(`${live.api.api.url}${route}`, { headers })).text();
};

/** A command line of somebody who has no server, no token and no home. */
const offline = (...words: string[]) => runLine(['audit', 'verify', ...words, '-o', 'json']);

describe('an outsider with the key and a proof file', () => {
  it.each(['json', 'tlog-proof'])('checks it offline: %s', async (format) => {
    const file = inside(`evt.${format}`);
    expect((await runLine(['audit', 'prove', eventId, '--format', format, '--out', file], env)).code).toBe(0);
    for (const key of [inside('ledger.pub'), (await readFile(inside('ledger.pub'), 'utf8')).trim()]) {
      const { code, out } = await offline(file, '--key', key);
      expect({ code, ...JSON.parse(out) }).toMatchObject({
        code: 0,
        holds: true,
        position: 10,
        event: { id: eventId },
      });
    }
  });

  it('is told which check failed when the file says another event, and exits 3', async () => {
    const file = JSON.parse(await readFile(inside('evt.json'), 'utf8'));
    await writeFile(inside('other.json'), JSON.stringify({ ...file, event: { ...file.event, authid: 'sub_nobody' } }));
    const { code, err } = await offline(inside('other.json'), '--key', inside('ledger.pub'));
    expect({ code, err }).toMatchObject({
      code: 3,
      err: expect.stringMatching(/^error: ProofInvalid: event: the event shown/),
    });
  });

  it('is told so when the key is another, or no key at all', async () => {
    const other = witnessKey({ name: 'stasis/default', privateKey: newPrivateKey() });
    expect(await offline(inside('evt.json'), '--key', other)).toMatchObject({ code: 2 });
    const { code, err } = await offline(inside('evt.json'));
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('--key is missing') });
    const system = (await textOf('/v1/tree-heads/key?ledger=system')).trim();
    expect(await offline(inside('evt.tlog-proof'), '--key', system)).toMatchObject({
      code: 3,
      err: expect.stringContaining('ProofInvalid: signature'),
    });
  });
});

describe('a witness', () => {
  const look = (...words: string[]) =>
    runLine(
      [
        'audit',
        'witness',
        '--state',
        inside('w1'),
        '--key',
        inside('w1.key'),
        '--ledger',
        'default',
        '--once',
        ...words,
      ],
      env,
    );

  it('cosigns the first head and each that only added to it', async () => {
    expect(await look()).toMatchObject({ code: 0, out: expect.stringContaining('the first one seen') });
    await live.record(2);
    const { code, out } = await look('-o', 'json');
    expect({ code, ...JSON.parse(out) }).toMatchObject({
      code: 0,
      heads: [{ ledger: 'default', size: 35, after: 21 }],
    });
  });

  it('stands in the proofs that are made from then on', async () => {
    const { out } = await runLine(['audit', 'prove', eventId], env);
    await writeFile(inside('cosigned.json'), out);
    const key = JSON.parse((await look('-o', 'json')).out).key as string;
    const given = ['--key', inside('ledger.pub'), '--witness', key];
    expect(await offline(inside('cosigned.json'), ...given)).toMatchObject({ code: 0 });
    expect(await offline(inside('evt.json'), ...given)).toMatchObject({
      code: 3,
      err: expect.stringContaining('ProofInvalid: witnesses: w1.example.org did not cosign'),
    });
  });

  describe.skipIf(!usesGo)(`and a program in Go that shares no code with Stasis${missing}`, () => {
    let program: string;
    beforeAll(async () => {
      program = inside('independent');
      await run('go', ['build', '-mod=readonly', '-o', program, '.'], { cwd: import.meta.dirname });
    });

    /** All that the ledger publishes, as the program reads it. */
    const published = async (): Promise<Record<string, unknown>> => {
      const { body } = await live.api.call('GET', '/v1/tree-heads?after=0&limit=1000');
      const heads = body['items'] as { size: number; treeHead: string }[];
      const events = await live.api.api.platform.ledger.read('default', { after: 0, limit: 1000 });
      const proofs = await Promise.all(events.map(({ event }) => textOf(`/v1/audit/proof?event=${event.id}`)));
      const pairs = heads.flatMap(({ size: from }) => heads.map(({ size: to }) => ({ from, to })));
      const consistency = [];
      for (const { from, to } of pairs.filter((pair) => pair.from < pair.to))
        consistency.push((await live.api.call('GET', `/v1/audit/consistency?from=${from}&to=${to}`)).body);
      return {
        key: (await readFile(inside('ledger.pub'), 'utf8')).trim(),
        witnessKey: JSON.parse((await look('-o', 'json')).out).key,
        heads: heads.map(({ treeHead }) => treeHead),
        proofs,
        consistency,
      };
    };

    const check = async (document: unknown): Promise<{ code: number; out: string; err: string }> => {
      const running = run(program, []);
      running.child.stdin?.end(JSON.stringify(document));
      return running.then(
        ({ stdout }) => ({ code: 0, out: stdout, err: '' }),
        (error: { code: number; stderr: string }) => ({ code: error.code, out: '', err: error.stderr }),
      );
    };

    it('agree on every head, inclusion, consistency and cosignature', async () => {
      const { code, out, err } = await check(await published());
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^[2-9] heads, 35 inclusion proofs, \d+ consistency proofs, 1 cosignature\n$/);
    });

    it('agree that one byte makes the difference', async () => {
      const good = await published();
      const flipped = (text: string): string =>
        text.replace(/[A-Za-z](?=[A-Za-z0-9+/]{20})/, (c) => (c === 'A' ? 'B' : 'A'));
      const [first, ...proofs] = good['proofs'] as string[];
      const [proof, ...others] = good['consistency'] as { hashes: string[] }[];
      const [head, ...heads] = good['heads'] as string[];
      const bad = { ...proof, hashes: proof!.hashes.map(flipped) };
      expect(await check({ ...good, proofs: [flipped(first!), ...proofs] })).toMatchObject({
        code: 1,
        err: expect.stringContaining('inclusion of 0'),
      });
      expect(await check({ ...good, consistency: [bad, ...others] })).toMatchObject({ code: 1 });
      expect(await check({ ...good, heads: [flipped(head!), ...heads] })).toMatchObject({ code: 1 });
    });
  });

  it('goes on looking until it is ended, and cosigns each head as it comes', async () => {
    const ending = new AbortController();
    const words = ['--state', inside('w2'), '--key', inside('w1.key'), '--ledger', 'default', '--every', '50ms'];
    const watching = runLine(['audit', 'witness', ...words, '-o', 'ndjson'], env, ending.signal);
    try {
      const isCosigned = (body: Record<string, unknown>): boolean =>
        String(body['treeHead']).includes('— w1.example.org');
      await live.api.until('/v1/tree-heads/latest', isCosigned);
      const size = await live.record(1);
      await live.api.until('/v1/tree-heads/latest', (body) => Number(body['size']) === size && isCosigned(body));
    } finally {
      ending.abort();
    }
    const { code, out } = await watching;
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { size: number; after?: number });
    expect({ code, sizes: lines.map(({ size }) => size) }).toEqual({ code: 0, sizes: [35, 42] });
  });

  // Last: it takes the end of the ledger away.
  it('shouts, and keeps both heads, when the ledger has lost its end', async () => {
    await truncate(live.databaseUrl, 21);
    await live.api.until('/v1/tree-heads/latest', ({ size }) => Number(size) === 21);
    const { code, err } = await look();
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringContaining('FORK of ledger "default"') });
    const [evidence] = await readdir(inside('w1/default/evidence'));
    const kept = await Promise.all(
      ['seen', 'shown'].map((name) => readFile(inside(`w1/default/evidence/${evidence}/${name}.note`), 'utf8')),
    );
    expect(kept.map((note) => note.split('\n')[1])).toEqual(['35', '21']);
    expect(await look()).toMatchObject({ code: 1 });
  });
});

/** What the owner of the database can do: takes the end away, with its heads. */
async function truncate(url: string, size: number): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`set session_replication_role = replica`);
    for (const table of ['tree_heads', 'tree_head_cosignatures'])
      await client.query(`delete from ${table} where ledger = 'default' and size > $1`, [size]);
    await client.query(`delete from events where ledger = 'default' and position > $1`, [size]);
    await client.query(`update ledger_heads set position = $1 where ledger = 'default'`, [size]);
  } finally {
    await client.end();
  }
}
