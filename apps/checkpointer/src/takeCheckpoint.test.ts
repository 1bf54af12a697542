import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTmpfs } from '@stasis/agent';
import { createTestNode, storeWith, type TestNode } from '@stasis/agent/test-node';
import { newId, type EventData } from '@stasis/events';
import type { CaptureRequest, ContainerRuntime, RuntimeContainer } from '@stasis/runtime';
import { createSimulated } from '@stasis/runtime/simulated';
import { StasisError } from '@stasis/errors';
import type { ImageStore } from '@stasis/store';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkpointerUseCases } from './agent.ts';

let node: TestNode;
let runtime: ContainerRuntime;
let source: RuntimeContainer;

beforeEach(async () => {
  node = await createTestNode((root) => (runtime = createSimulated({ root })), { STASIS_RUNTIME: 'simulated' });
  const bundle = join(node.home, 'bundle');
  mkdirSync(bundle);
  const spec = { ociVersion: '1.0.2', process: { args: ['count'], env: ['SECRET=x'], cwd: '/' }, root: { path: '/' } };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
  source = await runtime.start({ id: 'web-1', bundle, logFile: join(node.home, 'web-1.log') });
});
afterEach(() => node.end());

const ask = async (
  changes: Partial<EventData<'checkpoint.requested'>> = {},
  id: string = newId('ckp'),
): Promise<string> => {
  await node.recorder.tell('checkpoint.requested', id, {
    container: 'node-a/web-1',
    node: 'node-a',
    run: source.run,
    generation: 1,
    leaveRunning: true,
    labels: {},
    deadline: new Date(Date.now() + 60_000).toISOString(),
    ...changes,
  });
  return id;
};
const start = (changes = {}) => node.start('checkpointer', checkpointerUseCases, changes);
const status = async () => (await runtime.list()).find(({ id }) => id === 'web-1')?.status ?? 'gone';
const staged = () => {
  const { tmpfs, disk } = node.config.staging;
  return [tmpfs, disk].flatMap((dir) => (dir !== undefined && existsSync(dir) ? readdirSync(dir) : []));
};

describe('a checkpoint that leaves the container running', () => {
  it('goes through every step once and ends ready', async () => {
    await start();
    const id = await ask();
    expect((await node.recorder.fact('checkpoint.ready', id)).data).toEqual({ container: 'running' });
    expect(node.recorder.factsAbout(id)).toEqual(
      ['accepted', 'captured', 'sealed', 'stored', 'verified', 'ready'].map((step) => `checkpoint.${step}`),
    );
    expect(await status()).toBe('running');
    expect(await node.store.stat(id)).toMatchObject({ bytes: expect.any(Number) });
    await expect.poll(staged).toEqual([]);
  });

  it('keeps the whole config.json in the image and its secrets out of the manifest', async () => {
    await start();
    const id = await ask();
    await node.recorder.fact('checkpoint.ready', id);
    const { data } = await node.recorder.fact('checkpoint.sealed', id);
    const dir = join(node.home, 'got');
    const manifest = await node.store.get(id, dir, data.manifestDigest);
    expect(manifest.files.map(({ name }) => name)).toContain('config.json');
    expect(manifest.spec.process?.env).toEqual([expect.stringMatching(/^SECRET=sha256:/)]);
  });
});

describe('the store of a container that is checkpointed again and again', () => {
  it('is told the newest image that came back whole, and shares nothing with one that went bad', async () => {
    const puts: { id: string; parent: string | undefined }[] = [];
    let bad: string | undefined;
    const put: ImageStore['put'] = (id, dir, options) => {
      puts.push({ id, parent: options?.parent });
      return node.store.put(id, dir, options);
    };
    const verify: ImageStore['verify'] = async (id, digest) => {
      if (bad !== undefined && puts.at(-1)?.parent === bad) throw new StasisError('IntegrityMismatch', 'went bad');
      return node.store.verify(id, digest);
    };
    await start({ store: storeWith(node.store, { put, verify }) });
    const ready = async () => {
      const id = await ask();
      await node.recorder.fact('checkpoint.ready', id);
      return id;
    };
    const first = await ready();
    const second = await ready();
    bad = second;
    const third = await ready();
    expect(puts).toEqual([
      { id: first, parent: undefined },
      { id: second, parent: first },
      { id: third, parent: second },
      { id: third, parent: undefined },
    ]);
  });
});

describe('a checkpoint that stops the container', () => {
  it('ends it only after the ledger has the image on record', async () => {
    node.recorder.silent = true;
    await start();
    const id = await ask({ leaveRunning: false });
    await node.recorder.fact('checkpoint.verified', id);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await status()).toBe('paused');
    node.recorder.silent = false;
    await node.recorder.repeat('checkpoint.verified', id);
    expect((await node.recorder.fact('checkpoint.ready', id)).data).toEqual({ container: 'stopped' });
    expect(await status()).toBe('gone');
    expect(node.recorder.factsAbout('node-a/web-1')).toEqual([
      'container.discovered',
      'container.stopped',
      'container.gone',
    ]);
  });

  it('removes the bundle that Stasis made for it, and leaves one that it did not make', async () => {
    await start();
    const theirs = join(node.home, 'bundle');
    await node.recorder.fact('checkpoint.ready', await ask({ leaveRunning: false }));
    expect(existsSync(theirs)).toBe(true);
    const own = join(node.config.nodeDir, 'bundles', 'web-1');
    cpSync(theirs, own, { recursive: true });
    source = await runtime.start({ id: 'web-1', bundle: own, logFile: join(node.home, 'web-1.log') });
    await node.recorder.fact('checkpoint.ready', await ask({ leaveRunning: false }));
    expect(existsSync(own)).toBe(false);
  });

  it('resumes the container when the ledger stays silent', async () => {
    node.recorder.silent = true;
    await start({ config: { recordTimeoutMs: 200 } });
    const id = await ask({ leaveRunning: false });
    expect((await node.recorder.fact('checkpoint.failed', id)).data).toMatchObject({
      reason: 'AuditUnavailable',
      container: 'running',
    });
    expect(await status()).toBe('running');
  });

  it('resumes the container when the request was voided meanwhile', async () => {
    node.recorder.silent = true;
    await start();
    const id = await ask({ leaveRunning: false });
    await node.recorder.fact('checkpoint.verified', id);
    await node.recorder.tell('checkpoint.voided', id, { node: 'node-a', reason: 'OutcomeUnknown', message: 'late' });
    expect((await node.recorder.fact('checkpoint.failed', id)).data).toMatchObject({ container: 'running' });
    expect(await status()).toBe('running');
  });

  it('resumes the container when the agent is asked to end', async () => {
    node.recorder.silent = true;
    const agent = await start();
    const id = await ask({ leaveRunning: false });
    await node.recorder.fact('checkpoint.verified', id);
    await agent.stop();
    expect(await status()).toBe('running');
    expect(node.recorder.factsAbout(id).at(-1)).toBe('checkpoint.failed');
  });

  it('resumes the container when the store cannot be reached', async () => {
    const put = () => Promise.reject(new StasisError('NoSpace', 'no space left in the store'));
    await start({ store: storeWith(node.store, { put }) });
    const id = await ask({ leaveRunning: false });
    expect((await node.recorder.fact('checkpoint.failed', id)).data).toMatchObject({
      reason: 'NoSpace',
      container: 'running',
    });
    expect(await status()).toBe('running');
    expect(staged()).toEqual([]);
  });
});

describe('a request that cannot work', () => {
  it('is refused when another container runs under the id', async () => {
    await start();
    const id = await ask({ run: 'an earlier one' });
    expect((await node.recorder.fact('checkpoint.refused', id)).data).toMatchObject({ reason: 'SourceReplaced' });
  });

  it('is refused when there is no such container', async () => {
    await start();
    const id = await ask({ container: 'node-a/nobody' });
    expect((await node.recorder.fact('checkpoint.refused', id)).data).toMatchObject({ reason: 'ContainerNotFound' });
  });

  it('is refused when the container is stopped', async () => {
    await runtime.kill('web-1');
    await start();
    const id = await ask();
    expect((await node.recorder.fact('checkpoint.refused', id)).data).toMatchObject({
      reason: 'ContainerNotRunning',
      message: 'cannot checkpoint container "web-1" in state stopped',
    });
  });

  it('is refused past its deadline', async () => {
    await start();
    const id = await ask({ deadline: new Date(Date.now() - 1000).toISOString() });
    expect((await node.recorder.fact('checkpoint.refused', id)).data).toMatchObject({ reason: 'RuntimeTimeout' });
  });

  it('is dropped in silence when it was canceled before the agent began', async () => {
    const id = await ask();
    await node.recorder.tell('checkpoint.canceled', id, { node: 'node-a' });
    await start();
    const later = await ask();
    await node.recorder.fact('checkpoint.ready', later);
    expect(node.recorder.factsAbout(id)).toEqual([]);
  });
});

describe('a request that was canceled while the agent looked at it', () => {
  it('is not captured for', async () => {
    const looked = Promise.withResolvers<void>();
    const captures: string[] = [];
    const slow: ContainerRuntime = {
      ...runtime,
      load: async (name) => {
        await looked.promise;
        return runtime.load(name);
      },
      beginCapture: async (request: CaptureRequest) => {
        captures.push(request.id);
        return runtime.beginCapture(request);
      },
    };
    const agent = await start({ runtime: slow });
    const id = await ask({ leaveRunning: false });
    await expect.poll(() => agent.parts.journal.openRequests().length).toBe(1);
    await node.recorder.tell('checkpoint.canceled', id, { node: 'node-a' });
    await expect.poll(() => agent.parts.journal.answersFor(id).length).toBe(1);
    looked.resolve();
    await agent.parts.work.idle();
    expect(captures).toEqual([]);
    expect(await status()).toBe('running');
    expect(staged()).toEqual([]);
  });
});

describe('a capture that fails', () => {
  it('leaves the container as it was and nothing of the attempt', async () => {
    const cut: ContainerRuntime = {
      ...runtime,
      beginCapture: async (request) => {
        const capture = await runtime.beginCapture(request);
        writeFileSync(join(request.attemptDir, 'pages.img'), 'cut');
        return capture;
      },
    };
    await start({ runtime: cut });
    const id = await ask({ leaveRunning: false });
    expect((await node.recorder.fact('checkpoint.failed', id)).data).toMatchObject({
      reason: 'ImageIncomplete',
      container: 'running',
    });
    expect(await status()).toBe('running');
    expect(staged()).toEqual([]);
  });
});

describe('a runtime that hangs', () => {
  const late = () => Promise.reject(new StasisError('RuntimeTimeout', 'runsc checkpoint did not end within 50 ms'));

  it('is given up, the container goes on, and the files it still writes are left to it', async () => {
    const beginCapture = async (request: CaptureRequest) => ({ ...(await runtime.beginCapture(request)), done: late });
    await start({ runtime: { ...runtime, beginCapture, settleCapture: late } });
    const id = await ask({ leaveRunning: false });
    const { data } = await node.recorder.fact('checkpoint.failed', id);
    expect(data).toMatchObject({ reason: 'RuntimeTimeout', container: 'running' });
    expect(await status()).toBe('running');
    expect(staged()).toEqual([`${id}.1`]);
  });

  it('that also does not resume is reported as paused, not as well', async () => {
    const beginCapture = async (request: CaptureRequest) => ({ ...(await runtime.beginCapture(request)), done: late });
    await start({ runtime: { ...runtime, beginCapture, resume: late } });
    const id = await ask({ leaveRunning: false });
    const { data } = await node.recorder.fact('checkpoint.failed', id);
    expect(data).toMatchObject({ reason: 'RuntimeTimeout', container: 'paused' });
    expect(await status()).toBe('paused');
  });
});

describe('a runtime that cannot capture a paused container', () => {
  /** As runsc of 2022: the capture ends the container. */
  const ending = (): ContainerRuntime => ({
    ...runtime,
    info: async () => {
      const info = await runtime.info();
      return { ...info, features: { ...info.features, capturesPaused: false, resumesInPlace: false } };
    },
  });

  it('captures to disk and says so, and the container is told stopped', async () => {
    await start({ runtime: ending() });
    const id = await ask({ leaveRunning: false });
    expect((await node.recorder.fact('checkpoint.captured', id)).data).toMatchObject({
      staging: isTmpfs(node.home) ? 'tmpfs' : 'disk',
      container: 'stopped',
    });
    expect((await node.recorder.fact('checkpoint.ready', id)).data).toEqual({ container: 'stopped' });
    expect(await status()).toBe('gone');
  });

  it('is refused a capture after which the container is to go on', async () => {
    await start({ runtime: ending() });
    const id = await ask({ leaveRunning: true });
    expect((await node.recorder.fact('checkpoint.refused', id)).data.message).toContain('cannot let a container go on');
  });

  it('adopts a whole image although the runtime said it had failed', async () => {
    const beginCapture = async (request: CaptureRequest) => {
      const capture = await runtime.beginCapture(request);
      return { ...capture, done: () => Promise.reject(new StasisError('RuntimeFailed', 'signal: killed')) };
    };
    await start({ runtime: { ...ending(), beginCapture } });
    const id = await ask({ leaveRunning: false });
    expect((await node.recorder.fact('checkpoint.ready', id)).data).toEqual({ container: 'stopped' });
  });

  it('keeps the image when the store does not take it, and adopts it once it does', async () => {
    const put = () => Promise.reject(new StasisError('NoSpace', 'no space left in the store'));
    const agent = await start({ runtime: ending(), store: storeWith(node.store, { put }) });
    const id = await ask({ leaveRunning: false });
    const { data } = await node.recorder.fact('checkpoint.failed', id);
    expect(data).toMatchObject({ reason: 'NoSpace', container: 'stopped' });
    expect(staged()).toEqual([`${id}.1`]);
    expect(data.message).toContain(`${id}.1`);
    await agent.stop();
    await start({ runtime: ending() });
    await node.recorder.fact('checkpoint.verified', id);
    expect(await node.store.stat(id)).toBeDefined();
    await expect.poll(staged).toEqual([]);
  });
});
