import { existsSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningAgent } from '@stasis/agent';
import { createTestNode, storeWith, type TestNode } from '@stasis/agent/test-node';
import { newId } from '@stasis/events';
import type { CaptureRequest, ContainerRuntime, RuntimeContainer } from '@stasis/runtime';
import { createSimulated } from '@stasis/runtime/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkpointerUseCases } from './agent.ts';

let node: TestNode;
let runtime: ContainerRuntime;
let source: RuntimeContainer;
let captures: CaptureRequest[];

beforeEach(async () => {
  node = await createTestNode((root) => (runtime = createSimulated({ root })), { STASIS_RUNTIME: 'simulated' });
  const bundle = join(node.home, 'bundle');
  mkdirSync(bundle);
  const spec = { ociVersion: '1.0.2', process: { args: ['count'], cwd: '/' }, root: { path: '/' } };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
  source = await runtime.start({ id: 'web-1', bundle, logFile: join(node.home, 'web-1.log') });
  captures = [];
});
afterEach(() => node.end());

const stagingDir = () => node.config.staging.tmpfs ?? node.config.staging.disk;

const never = () => new Promise<never>(() => undefined);
const status = async () => (await runtime.list()).find(({ id }) => id === 'web-1')?.status ?? 'gone';
const stagedFiles = () => {
  const dir = stagingDir();
  return existsSync(dir) ? readdirSync(dir, { recursive: true }).map(String) : [];
};
const steps = (...names: string[]) => names.map((name) => `checkpoint.${name}`);
const everyStep = steps('accepted', 'captured', 'sealed', 'stored', 'verified', 'ready');

/** The simulated runtime with some calls replaced, and its captures counted. */
const runtimeWith = (changes: Partial<ContainerRuntime>): ContainerRuntime => ({
  ...runtime,
  beginCapture: (request) => {
    captures.push(request);
    return runtime.beginCapture(request);
  },
  ...changes,
});

async function ask(leaveRunning: boolean, deadlineMs = 60_000): Promise<string> {
  const id = newId('ckp');
  await node.recorder.tell('checkpoint.requested', id, {
    container: 'node-a/web-1',
    node: 'node-a',
    run: source.run,
    generation: 1,
    leaveRunning,
    labels: {},
    deadline: new Date(Date.now() + deadlineMs).toISOString(),
  });
  return id;
}

const start = (changes = {}) =>
  node.start('checkpointer', checkpointerUseCases, { runtime: runtimeWith({}), ...changes });

/** A capture whose end nobody hears of; `spoil` works on its files first. */
const unheard = (spoil: (request: CaptureRequest) => void = () => undefined) =>
  runtimeWith({
    beginCapture: async (request) => {
      captures.push(request);
      const capture = await runtime.beginCapture(request);
      await capture.done();
      spoil(request);
      return { ...capture, done: never };
    },
  });

/** The image is whole, the capture is in the journal, its end is not. */
const capturedUnheard = (agent: RunningAgent) =>
  expect.poll(() => agent.parts.journal.openRequests()[0]?.capture).toBeDefined();

describe('an agent that died during the capture', () => {
  for (const leaveRunning of [true, false])
    it(`adopts the whole image, never capturing twice (leaveRunning ${leaveRunning})`, async () => {
      const dies = await start({ runtime: unheard() });
      const id = await ask(leaveRunning);
      await capturedUnheard(dies);
      await node.crash(dies);
      await start();
      const { data } = await node.recorder.fact('checkpoint.ready', id);
      expect(data.container).toBe(leaveRunning ? 'running' : 'stopped');
      expect(await status()).toBe(leaveRunning ? 'running' : 'gone');
      expect(captures).toHaveLength(1);
      expect(node.recorder.factsAbout(id)).toEqual(everyStep);
    });

  it('discards a cut image and resumes the container', async () => {
    const cut = unheard(({ attemptDir }) => truncateSync(join(attemptDir, 'pages.img'), 4096));
    const dies = await start({ runtime: cut });
    const id = await ask(false);
    await capturedUnheard(dies);
    await node.crash(dies);
    expect(await status()).toBe('paused');
    await start();
    const { data } = await node.recorder.fact('checkpoint.failed', id);
    expect(data).toMatchObject({ reason: 'ImageIncomplete', container: 'running' });
    expect(await status()).toBe('running');
    expect(stagedFiles()).toEqual([]);
    expect(captures).toHaveLength(1);
  });

  it('does not end a container that was resumed since: the image is not its last state', async () => {
    const dies = await start({ runtime: unheard() });
    const id = await ask(false);
    await capturedUnheard(dies);
    await node.crash(dies);
    await runtime.resume('web-1');
    await start();
    expect((await node.recorder.fact('checkpoint.failed', id)).data).toMatchObject({ container: 'running' });
    expect(await status()).toBe('running');
  });

  it('adopts the image of a container that is gone, and keeps it when it cannot be adopted', async () => {
    for (const whole of [true, false]) {
      const spoil = ({ attemptDir }: CaptureRequest) => {
        if (!whole) truncateSync(join(attemptDir, 'pages.img'), 4096);
      };
      const dies = await start({ runtime: unheard(spoil) });
      const id = await ask(false);
      await capturedUnheard(dies);
      await node.crash(dies);
      await runtime.kill('web-1');
      const next = await start();
      if (whole) expect((await node.recorder.fact('checkpoint.ready', id)).data).toEqual({ container: 'stopped' });
      else {
        const { data } = await node.recorder.fact('checkpoint.failed', id);
        expect(data).toMatchObject({ reason: 'ImageIncomplete', container: 'stopped' });
        expect(data.message).toContain(`${id}.1`);
        expect(stagedFiles()).toContain(`${id}.1/checkpoint.img`);
      }
      await next.stop();
      await runtime.delete('web-1');
      source = await runtime.start({ id: 'web-1', bundle: source.bundle, logFile: join(node.home, 'web-1.log') });
    }
  });
});

describe('an agent that died before the capture', () => {
  it('begins the request', async () => {
    const dies = await start({ runtime: runtimeWith({ load: never }) });
    const id = await ask(true);
    await expect.poll(() => dies.parts.journal.openRequests().length).toBe(1);
    await node.crash(dies);
    await start();
    await node.recorder.fact('checkpoint.ready', id);
    expect(node.recorder.factsAbout(id)).toEqual(everyStep);
  });

  it('begins the capture if not a byte of it was written, resuming what it had paused', async () => {
    const beginCapture = async (request: CaptureRequest) => {
      await runtime.pause(request.id);
      return never();
    };
    const dies = await start({ runtime: runtimeWith({ beginCapture }) });
    const id = await ask(true);
    await expect.poll(status).toBe('paused');
    await node.crash(dies);
    await start();
    await node.recorder.fact('checkpoint.ready', id);
    expect(await status()).toBe('running');
    expect(node.recorder.factsAbout(id)).toEqual(everyStep);
  });

  it('refuses what has passed its deadline meanwhile', async () => {
    const dies = await start({ runtime: runtimeWith({ load: never }) });
    const id = await ask(true, 300);
    await expect.poll(() => dies.parts.journal.openRequests().length).toBe(1);
    await node.crash(dies);
    await new Promise((resolve) => setTimeout(resolve, 350));
    await start();
    expect((await node.recorder.fact('checkpoint.refused', id)).data).toMatchObject({ reason: 'RuntimeTimeout' });
  });
});

describe('an agent that died after the capture', () => {
  for (const call of ['put', 'verify'] as const)
    it(`goes on where it was during ${call} and tells each step once`, async () => {
      const dies = await start({ store: storeWith(node.store, { [call]: never }) });
      const id = await ask(false);
      await node.recorder.fact(call === 'put' ? 'checkpoint.sealed' : 'checkpoint.stored', id);
      await node.crash(dies);
      expect(await status()).toBe('paused');
      await start();
      await node.recorder.fact('checkpoint.ready', id);
      expect(node.recorder.factsAbout(id)).toEqual(everyStep);
      expect(captures).toHaveLength(1);
      await expect.poll(stagedFiles).toEqual([]);
    });

  it('waits on for the ledger, and only then ends the container', async () => {
    node.recorder.silent = true;
    const dies = await start();
    const id = await ask(false);
    await node.recorder.fact('checkpoint.verified', id);
    await node.crash(dies);
    await start({ config: { recordTimeoutMs: 400 } });
    expect(await status()).toBe('paused');
    expect((await node.recorder.fact('checkpoint.failed', id)).data).toMatchObject({ reason: 'AuditUnavailable' });
    expect(await status()).toBe('running');
  });

  it('finishes ending the container', async () => {
    const dies = await start({ runtime: runtimeWith({ delete: never }) });
    const id = await ask(false);
    await expect.poll(status).toBe('stopped');
    await node.crash(dies);
    await start();
    expect((await node.recorder.fact('checkpoint.ready', id)).data).toEqual({ container: 'stopped' });
    expect(await status()).toBe('gone');
    expect(node.recorder.factsAbout(id)).toEqual(everyStep);
  });
});
