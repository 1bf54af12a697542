// One-shot commands with STASIS_SERVER set, on the real api, Postgres and runsc: what the ledger has of them, and what
// becomes of container and facts when the api is away.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import { verifyImage } from '@stasis/image';
import { isRequired, newestRunsc, openSandboxes, runProgram, type Sandboxes } from '@stasis/runtime/test-kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestApi, applyMigrations, type TestApi } from '../../apps/api/src/testApi.ts';
import { openGate, type FleetGate } from './fleetGate.ts';

const bin = (app: string) => resolve(import.meta.dirname, `../../apps/${app}/bin/${app}.mjs`);
const found = newestRunsc();
const node = 'node-one';
describe.skipIf(found === undefined && !isRequired)('a one-shot command with a fleet', { timeout: 90_000 }, () => {
  let postgres: TestPostgres;
  let api: TestApi;
  let gate: FleetGate;
  let boxes: Sandboxes;
  let home: string;
  let image: string;

  beforeAll(async () => {
    postgres = await startPostgres();
    const databaseUrl = await postgres.createDatabase();
    await applyMigrations(databaseUrl);
    api = await startTestApi({ databaseUrl });
  }, 90_000);
  afterAll(async () => {
    await api?.stop();
    await postgres?.stop();
  });
  beforeEach(async () => {
    gate = await openGate(api.api.url);
    boxes = await openSandboxes(found?.binary ?? 'runsc');
    home = mkdtempSync(join(tmpdir(), 'stasis-one-shot-home-'));
    image = join(boxes.directory, 'image');
  });
  afterEach(async () => {
    await boxes.close();
    await gate.close();
    rmSync(home, { recursive: true, force: true });
  });

  const begin = (app: string, words: readonly string[], env: Record<string, string> = {}) =>
    runProgram(bin(app), ['--root', boxes.runtime.root, ...words], {
      STASIS_SERVER: gate.url,
      STASIS_TOKEN: api.token,
      STASIS_NODE: node,
      STASIS_HOME: home,
      ...env,
    });
  const run = (...words: string[]) => begin('checkpointer', ['checkpoint', ...words]).ended;
  const restore = (...words: string[]) => begin('restorer', ['restore', ...words]).ended;
  const status = async (id: string) => (await boxes.runtime.load(id)).status;
  const lines = (text: string) => text.split('\n').filter((line) => line !== '');
  const leftFiles = () => {
    const directory = join(home, 'nodes', node, 'reports');
    return existsSync(directory) ? readdirSync(directory) : [];
  };
  /** The only checkpoint of the container. */
  const checkpointOf = async (id: string) => {
    const { body } = await api.call('GET', `/v1/checkpoints?container=${node}/${id}`);
    const [item, ...others] = body['items'] as { id: string }[];
    expect(others).toEqual([]);
    return (await api.call('GET', `/v1/checkpoints/${item?.id}`)).body;
  };
  const typesIn = (detail: Record<string, unknown>) =>
    (detail['timeline'] as { type: string }[]).map(({ type }) => type.replace(/^dev\.stasis\.(.*)\.v1$/u, '$1'));
  const containerOf = async (id: string) => (await api.call('GET', `/v1/containers/${node}/${id}`)).body;

  const whole = ['requested', 'accepted', 'captured', 'sealed', 'stored', 'verified', 'ready'].map(
    (past) => `checkpoint.${past}`,
  );

  it('puts every step on record, ends the container, and restores it from its directory alone', async () => {
    const { run: runId } = await boxes.start('s1');
    await boxes.countAbove(1);
    expect(await run('--image-path', image, 's1')).toEqual({ code: 0, stdout: '', stderr: '' });
    const detail = await checkpointOf('s1');
    expect(typesIn(detail)).toEqual(whole);
    const { manifest, manifestDigest } = await verifyImage(image);
    expect(detail).toMatchObject({
      phase: 'Ready',
      run: runId,
      leaveRunning: false,
      imagePath: image,
      store: pathToFileURL(image).href,
      manifestDigest,
    });
    expect(manifest.checkpoint).toBe(detail['id']);
    expect(await containerOf('s1')).toMatchObject({ status: 'stopped', run: runId });
    expect([await status('s1'), leftFiles()]).toEqual(['stopped', []]);

    const body = { checkpoint: detail['id'], node, name: 'copy' };
    const refused = await api.call('POST', '/v1/restores', { ...body, imagePath: undefined });
    expect([refused.status, refused.body['code']]).toEqual([404, 'NodeNotFound']);

    const bundle = join(boxes.directory, 'bundle-s1');
    const again = await restore('--detach', '--image-path', image, '--bundle', bundle, 's2');
    expect(again).toMatchObject({ code: 0, stderr: '' });
    const { body: page } = await api.call('GET', `/v1/restores?checkpoint=${String(detail['id'])}`);
    expect(page['items']).toMatchObject([{ phase: 'Running', container: `${node}/s2`, manifestDigest }]);
    const copy = await boxes.runtime.load('s2');
    expect(await containerOf('s2')).toMatchObject({
      status: 'running',
      run: copy.run,
      origin: { kind: 'restore', checkpoint: detail['id'] },
    });
    expect(leftFiles()).toEqual([]);
  });

  it('leaves it running, and records that', async () => {
    await boxes.start('r1');
    expect(await run('--leave-running', '--image-path', image, 'r1')).toMatchObject({ code: 0, stderr: '' });
    const detail = await checkpointOf('r1');
    expect(typesIn(detail)).toEqual(whole);
    expect(detail).toMatchObject({ phase: 'Ready', leaveRunning: true });
    expect([await status('r1'), (await containerOf('r1'))['status']]).toEqual(['running', 'running']);
  });

  it.each([
    ['ContainerNotRunning', 'x1', (id: string) => boxes.runtime.kill(id)],
    ['ImageExists', 'x2', async (id: string) => void (await run('--leave-running', '--image-path', image, id))],
  ])('records a refusal with its reason: %s', async (code, id, before) => {
    await boxes.start(id);
    await before(id);
    const { code: exit, stderr } = await run('--image-path', image, id);
    expect([exit, stderr]).toEqual([128, expect.stringContaining(code)]);
    const { body } = await api.call('GET', `/v1/checkpoints?container=${node}/${id}&phase=Refused`);
    expect(body['items']).toMatchObject([
      { conditions: expect.arrayContaining([expect.objectContaining({ reason: code })]) },
    ]);
  });

  it('refuses AuditUnavailable in one line and touches nothing when the api is away before it begins', async () => {
    await boxes.start('a1');
    gate.shut();
    const { code, stdout, stderr } = await run('--image-path', image, 'a1');
    expect([code, stdout, lines(stderr)]).toEqual([128, '', [expect.stringContaining('AuditUnavailable')]]);
    expect([await status('a1'), existsSync(image), leftFiles()]).toEqual(['running', false, []]);
    const other = await restore('--detach', '--image-path', image, 'a2');
    expect([other.code, lines(other.stderr)]).toEqual([128, [expect.stringContaining('AuditUnavailable')]]);
  });

  it('refuses what the token may not do, and touches nothing', async () => {
    await boxes.start('u1');
    const { code, stderr } = await begin('checkpointer', ['checkpoint', '--image-path', image, 'u1'], {
      STASIS_TOKEN: 'nobody',
    }).ended;
    expect([code, lines(stderr)]).toEqual([128, [expect.stringContaining('Unauthenticated')]]);
    expect([await status('u1'), existsSync(image)]).toEqual(['running', false]);
  });

  it.each([
    ['in the middle', 'checkpoint.accepted', 'm1', 'Accepted'],
    ['at the end', 'checkpoint.verified', 'm2', 'Verified'],
  ])(
    'finishes when the api goes away %s, names the file, and the next command sends it',
    async (_, fact, id, phase) => {
      await boxes.start(id);
      gate.afterFact(fact, () => {});
      const { code, stderr } = await run('--image-path', image, id);
      expect(code).toBe(0);
      expect([await status(id), leftFiles().length]).toEqual(['stopped', 1]);
      expect(stderr).toContain(join(home, 'nodes', node, 'reports', leftFiles()[0] ?? '?'));
      await verifyImage(image);
      expect((await checkpointOf(id))['phase']).toBe(phase);
      gate.open();
      await boxes.start(`${id}b`);
      const next = await run('--leave-running', '--image-path', join(boxes.directory, 'image2'), `${id}b`);
      expect(next).toMatchObject({ code: 0, stderr: '' });
      const detail = await checkpointOf(id);
      expect([detail['phase'], typesIn(detail), leftFiles()]).toEqual(['Ready', whole, []]);
      expect(await containerOf(id)).toMatchObject({ status: 'stopped' });
    },
  );

  it('is voided by the recorder when it is killed in the middle, and its container lives', async () => {
    await boxes.start('k1');
    const hasty = await startTestApi({ ...api, env: { STASIS_DEADLINE_MS: '3000' } });
    const itsGate = await openGate(hasty.api.url);
    try {
      const env = { STASIS_SERVER: itsGate.url, STASIS_TOKEN: hasty.token };
      const one = begin('checkpointer', ['checkpoint', '--image-path', image, 'k1'], env);
      itsGate.afterFact('checkpoint.accepted', () => process.kill(one.pid, 'SIGKILL'));
      expect(await one.ended).toMatchObject({ code: null });
    } finally {
      await itsGate.close();
      await hasty.stop();
    }
    const { id } = await checkpointOf('k1');
    const ended = await api.until(`/v1/checkpoints/${String(id)}`, ({ phase }) => phase !== 'Accepted');
    expect(ended).toMatchObject({
      phase: 'Voided',
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'OutcomeUnknown' })]),
    });
    const { code } = await run('--leave-running', '--image-path', image, 'k1');
    expect([code, await status('k1')]).toEqual([0, 'running']);
  });

  it('records the start of a container from an image that the ledger does not know, and its end', async () => {
    await boxes.start('p1', ['sh', '-c', 'sleep 3; exit 7']);
    const { ended } = begin('checkpointer', ['checkpoint', '--image-path', image, 'p1'], { STASIS_SERVER: '' });
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    const bundle = join(boxes.directory, 'bundle-p1');
    const restored = await restore('--image-path', image, '--bundle', bundle, 'p2');
    expect(restored.code).toBe(7);
    const container = await containerOf('p2');
    expect(container).toMatchObject({ status: 'stopped', origin: { kind: 'restore' }, openRequests: [] });
    const bad = join(boxes.directory, 'bad');
    mkdirSync(bad);
    expect(await restore('--image-path', bad, '--bundle', bundle, 'p3')).toMatchObject({ code: 128 });
    expect(await containerOf('p3')).toMatchObject({ status: 'gone', lastFailure: { reason: 'ImageIncomplete' } });
  });
});
