import { errorTable } from '@stasis/errors';
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, type Asked, type FakeApi, problem, startFakeApi } from './testing/fakeApi.ts';
import { type Ran, runLine } from './testing/runLine.ts';

let api: FakeApi | undefined;
afterEach(() => api?.close());

const against = async (answer: (asked: Asked) => Answer, ...words: string[]): Promise<Ran> => {
  api = await startFakeApi(answer);
  return runLine(words, { STASIS_SERVER: api.url, STASIS_TOKEN: 'secret' });
};

const id = 'ckp_01kb0000000000000000000000';
const checkpoint = (phase: string, more: object = {}): object => ({
  ...{ id, ledger: 'default', container: 'node-a/web-1', node: 'node-a', run: 'r1', generation: 1, phase },
  ...{ leaveRunning: false, labels: {}, requestedBy: 'sub_1', requestedAt: '2026-11-24T10:00:00.000Z' },
  ...{ deadline: '2026-11-24T10:15:00.000Z', conditions: [], adoptable: false, position: 3, requestedPosition: 1 },
  ...more,
});
const container = (name: string, more: object = {}): object => ({
  ...{ id: `node-a/${name}`, ledger: 'default', node: 'node-a', name, status: 'running', generation: 1 },
  ...{
    labels: {},
    openRequests: [],
    lastReady: null,
    runtime: 'runsc',
    startedAt: '2026-11-24T10:00:00.000Z',
    position: 7,
  },
  ...more,
});
const page = (...items: object[]): Answer => ({ status: 200, body: { items, next: null, position: 42 } });

it('tells the versions of Stasis, of the runtime and of Node', async () => {
  const { code, out } = await runLine(['--version']);
  expect(code).toBe(0);
  expect(out).toMatch(/^stasis \d+\.\d+\.\d+\n(no runsc|runsc \S+, \/\S+)\nnode v\d+\.\d+\.\d+\n$/);
});

describe('a command line that cannot be read', () => {
  it.each([
    ['an unknown verb', ['frobnicate']],
    ['no verb', []],
    ['a missing argument', ['checkpoint']],
    ['an argument too many', ['nodes', 'x']],
    ['an unknown flag', ['ps', '--frob']],
    ['an unknown format', ['ps', '-o', 'xml']],
    ['a duration that is none', ['checkpoint', 'web-1', '--timeout', 'soon']],
    ['a count that is none', ['logs', 'web-1', '--tail', '0']],
    ['a run without a name', ['run', '--', 'sleep', '1']],
    ['a run without a command', ['run', '--name', 'x']],
    ['a container name that is none', ['checkpoint', 'a/b/c']],
    ['the id of neither a checkpoint nor a restore', ['cancel', 'evt_1']],
    ['an endless answer as one document', ['events', '--follow', '-o', 'json']],
    ['an address that is none', ['ps', '--server', 'ftp://x']],
  ])('exits 2 on %s and says what to do', async (_, words) => {
    const { code, out, err } = await runLine(words);
    expect(code).toBe(2);
    expect(err).toMatch(/error: (Usage|BadRequest|ConfigInvalid): .+\nnext: .+\n$/s);
    expect(words.includes('json') || out === '').toBe(true);
  });

  it('still writes one JSON document when JSON was asked for', async () => {
    const { out } = await runLine(['ps', '--frob', '-o', 'json']);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'Usage' } });
  });
});

describe('help', () => {
  const simple = 'up down doctor demo run logs stop rm ps nodes checkpoint restore checkpoints show cancel events';
  it.each([
    ...simple.split(' '),
    'audit log',
    'audit as-of',
    'audit diff',
    'audit trail',
    'audit export',
    'audit prove',
    'audit verify',
    'audit witness',
    'ledger rebuild',
    'ledger verify',
    'token create',
    'token ls',
    'token revoke',
    'whoami',
  ])('of %s has an example and fits 80 columns', async (verb) => {
    const { code, out } = await runLine([...verb.split(' '), '--help']);
    expect(code).toBe(0);
    expect(out).toContain(`$ stasis ${verb}`);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });
});

describe('an answer of the api that is an error', () => {
  it.each(Object.entries(errorTable))('%s sets the exit code of its row', async (code, row) => {
    const { code: exit, out, err } = await against(() => problem(row.http, code, 'it is so'), 'nodes', '-o', 'json');
    expect(exit).toBe(row.exit);
    expect(err).toBe(`error: ${code}: it is so\nnext: Do better.\n`);
    expect(JSON.parse(out)).toEqual({ error: { code, message: 'it is so', next: 'Do better.', details: [] } });
  });

  it('is said also when it comes from something that is not Stasis', async () => {
    const { code, err } = await against(() => ({ status: 502, body: 'bad gateway' }), 'ps');
    expect(code).toBe(1);
    expect(err).toContain('error: ServerUnreachable: GET /v1/containers?limit=1000 was answered 502');
  });

  it('exits 1 naming the address when nothing answers', async () => {
    const { code, err } = await runLine(['ps', '--server', '127.0.0.1:1']);
    expect(code).toBe(1);
    expect(err).toMatch(/^error: ServerUnreachable: http:\/\/127\.0\.0\.1:1 does not answer: .+\nnext: .+\n$/);
  });
});

describe('checkpoint', () => {
  it('sends the request with the token and an idempotency key, and prints the id', async () => {
    const answer: Answer = { status: 202, body: checkpoint('Requested') };
    const { code, out, err } = await against(() => answer, 'checkpoint', 'web-1', '--reason', 'kernel upgrade');
    expect([code, out, err]).toEqual([0, `${id}\n`, '']);
    expect(api?.asked).toMatchObject([
      {
        ...{ method: 'POST', path: '/v1/checkpoints' },
        headers: {
          authorization: 'Bearer secret',
          'idempotency-key': expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        },
        body: { container: 'web-1', leaveRunning: false, reason: 'kernel upgrade' },
      },
    ]);
  });

  it('with --dry-run prints the request and sends nothing', async () => {
    const { code, out } = await against(
      () => undefined,
      'checkpoint',
      'web-1',
      '--node',
      'n1',
      '--dry-run',
      '-o',
      'json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      ...{ dryRun: true, method: 'POST', path: '/v1/checkpoints' },
      body: { container: 'n1/web-1', leaveRunning: false },
    });
    expect(api?.asked).toEqual([]);
  });

  const waited = (last: object): Promise<Ran> => {
    let reads = 0;
    const answer = ({ method, path }: Asked): Answer => {
      if (method === 'POST') return { status: 202, body: checkpoint('Requested') };
      if (!path.startsWith(`/v1/checkpoints/${id}`)) return undefined;
      reads += 1;
      return { status: 200, body: { ...(reads < 2 ? checkpoint('Accepted') : last), timeline: [] } };
    };
    return against(answer, 'checkpoint', 'web-1', '--wait', '-o', 'json');
  };
  const endedAt = '2026-11-24T10:00:02.000Z';

  it('with --wait polls when the event stream cannot be had, and prints the one resource', async () => {
    const { code, out, err } = await waited(checkpoint('Ready', { endedAt }));
    expect([code, err]).toEqual([0, '']);
    expect(JSON.parse(out)).toMatchObject({ id, phase: 'Ready' });
  });

  it('with --wait exits 3 when it was refused, with the resource on stdout and the reason on stderr', async () => {
    const refused = {
      ...{ type: 'Refused', status: 'True', reason: 'ContainerNotRunning' },
      ...{ message: 'cannot checkpoint container "web-1" in state stopped', at: endedAt },
    };
    const { code, out, err } = await waited(checkpoint('Refused', { endedAt, conditions: [refused] }));
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject({ id, phase: 'Refused' });
    expect(err).toContain('error: ContainerNotRunning: ');
  });

  it('with --wait exits 6 when the time is up', async () => {
    const answer = ({ method }: Asked): Answer => ({
      status: method === 'POST' ? 202 : 200,
      body: { ...checkpoint('Accepted'), timeline: [] },
    });
    const { code, err } = await against(answer, 'checkpoint', 'web-1', '--wait', '--timeout', '50ms');
    expect(code).toBe(6);
    expect(err).toContain(`\`stasis show ${id}\``);
  });
});

describe('tables', () => {
  it('fit 80 columns whatever the names are, and keep control characters from the terminal', async () => {
    const long = 'x'.repeat(128);
    const { out } = await against(() => page(container(long), container('a\u001b[2J')), 'ps');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(out).toMatch(/^CONTAINER +STATUS/);
    expect(out).toContain('…');
    expect(out).not.toContain('\u001b');
  });

  it('show the id of a checkpoint whole', async () => {
    const items = [checkpoint('Ready', { container: `node-a/${'y'.repeat(100)}`, freezeMs: 61.4, bytes: 71_000_000 })];
    const { out } = await against(() => page(...items), 'checkpoints');
    expect(out).toContain(id);
    expect(out).toContain('61 ms  67.7 MiB');
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('become whole pages as JSON and one item a line as NDJSON', async () => {
    const items = [container('a'), container('b')];
    const json = await against(() => page(...items), 'ps', '-o', 'json');
    expect(JSON.parse(json.out)).toMatchObject({ items: [{ name: 'a' }, { name: 'b' }], position: 42 });
    await api?.close();
    const lines = await against(() => page(...items), 'ps', '-o', 'ndjson');
    expect(
      lines.out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { name: string }).name),
    ).toEqual(['a', 'b']);
  });

  it('go on over all pages', async () => {
    const answer = ({ path }: Asked): Answer =>
      path.includes('cursor=more')
        ? page(container('b'))
        : { status: 200, body: { items: [container('a')], next: 'more', position: 42 } };
    const { out } = await against(answer, 'ps', '-o', 'json');
    expect(JSON.parse(out)).toMatchObject({ items: [{ name: 'a' }, { name: 'b' }], next: null });
  });
});

describe('containers', () => {
  it('run exits with the reason that the node gave', async () => {
    const lastFailure = {
      request: 'evt_1',
      reason: 'NameTaken',
      message: '"web-1" exists',
      at: '2026-11-24T10:00:00Z',
    };
    const answer = ({ method }: Asked): Answer =>
      method === 'POST'
        ? { status: 202, body: { ...container('web-1', { status: 'gone' }), request: 'evt_1' } }
        : { status: 200, body: container('web-1', { lastFailure }) };
    const { code, err } = await against(answer, 'run', '--name', 'web-1', '--', 'sleep', '-1');
    expect(code).toBe(3);
    expect(err).toContain('error: NameTaken: "web-1" exists');
    expect(api?.asked[0]?.body).toEqual({ name: 'web-1', command: ['sleep', '-1'] });
  });

  it('stop asks for the node of a bare name, and lists the candidates when there are several', async () => {
    const two = [container('web-1'), container('web-1', { id: 'node-b/web-1', node: 'node-b' })];
    const { code, err } = await against(() => page(...two), 'stop', 'web-1');
    expect(code).toBe(2);
    expect(err).toContain('  node-a/web-1\n  node-b/web-1\n');
  });

  it('rm of an unknown name exits 4', async () => {
    const { code } = await against(() => page(), 'rm', 'nobody');
    expect(code).toBe(4);
  });
});

describe('ledger verify', () => {
  it('exits 1 naming the first position that does not fit', async () => {
    const body = {
      ledger: 'default',
      size: 9,
      verified: false,
      treeHeads: { kept: 1, outside: 1 },
      durationMs: 3,
      firstBad: { position: 4, message: 'leaf' },
    };
    const { code, out, err } = await against(() => ({ status: 200, body }), 'ledger', 'verify', '-o', 'json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ verified: false });
    expect(err).toContain('error: LedgerCorrupt: position 4 does not fit: leaf');
  });
});
