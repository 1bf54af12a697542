import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestNode, storeWith, type TestNode } from '@stasis/agent/test-node';
import { newId, type EventData } from '@stasis/events';
import { sealImage, type ImageMeta } from '@stasis/image';
import { hostFacts, type ContainerRuntime, type RestoreRequest } from '@stasis/runtime';
import { createSimulated } from '@stasis/runtime/simulated';
import type { ImageStore } from '@stasis/store';
import { normaliseSpec, redactSpec, type OciSpec } from '@stasis/spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restorerUseCases } from './agent.ts';

let node: TestNode;
let runtime: ContainerRuntime;

beforeEach(async () => {
  node = await createTestNode((root) => (runtime = createSimulated({ root })), { STASIS_RUNTIME: 'simulated' });
});
afterEach(() => node.end());

const stagingDir = () => node.config.staging.tmpfs ?? node.config.staging.disk;

const inAMinute = () => new Date(Date.now() + 60_000).toISOString();
const start = (changes = {}) => node.start('restorer', restorerUseCases, changes);

/** Asks for a verb on node-a/<name>; resolves with the request's event id. */
async function ask(
  name: string,
  data: Partial<EventData<'container.requested'>>,
  id: string = newId('evt'),
): Promise<string> {
  const container = `node-a/${name}`;
  const request = { container, node: 'node-a', verb: 'start', deadline: inAMinute(), ...data } as const;
  return (await node.recorder.tell('container.requested', container, request, id)).id;
}

async function askRestore(checkpoint: string, manifestDigest: string, name: string): Promise<string> {
  const id = newId('rst');
  const container = `node-a/${name}`;
  const request = { checkpoint, node: 'node-a', name, container, manifestDigest, labels: {}, deadline: inAMinute() };
  await node.recorder.tell('restore.requested', id, request);
  return id;
}

/** A sealed image of `name` in the store. */
async function imageOf(name: string, changes: Partial<ImageMeta> = {}, kept?: OciSpec) {
  const checkpoint = newId('ckp');
  const dir = join(node.home, checkpoint);
  mkdirSync(dir);
  const request = { id: name, attemptDir: dir, after: 'resume', compression: 'none', timeoutMs: 5000 } as const;
  await (await runtime.beginCapture(request)).done();
  const container = await runtime.load(name);
  writeFileSync(join(dir, 'config.json'), JSON.stringify(kept ?? container.spec));
  const { manifestDigest } = await sealImage(dir, {
    checkpoint,
    container: { id: name, node: 'node-a', run: container.run },
    capturedAt: new Date().toISOString(),
    runtime: await versionOf(runtime),
    host: hostFacts(),
    compression: 'none',
    spec: redactSpec(normaliseSpec(container.spec)),
    ...changes,
  });
  await node.store.put(checkpoint, dir);
  return { checkpoint, manifestDigest };
}

async function versionOf(of: ContainerRuntime) {
  const { name, version, platform } = await of.info();
  return { name, version, platform };
}

async function started(name: string): Promise<void> {
  await ask(name, { command: ['sh', '-c', 'true'] });
  await node.recorder.fact('container.started', `node-a/${name}`);
}

describe('starting, stopping and removing', () => {
  it('starts a command over the host root, with its log readable by its owner only', async () => {
    await start();
    const id = newId('evt');
    const sealedEnv = await node.sealEnv(['A=b'], id);
    const what = { command: ['sh', '-c', 'true'], sealedEnv, labels: { app: 'web' } };
    const request = await ask('web-1', what, id);
    const { data } = await node.recorder.fact('container.started', 'node-a/web-1');
    expect(data).toMatchObject({ status: 'running', labels: { app: 'web' }, origin: { kind: 'start', request } });
    const spec = JSON.parse(readFileSync(join(data.bundle, 'config.json'), 'utf8')) as OciSpec;
    expect(spec.process?.args?.[0]).toMatch(/^\/.*\/sh$/);
    expect(spec.process?.env).toContain('A=b');
    expect(spec.root).toEqual({ path: '/', readonly: true });
    expect(statSync(join(node.config.nodeDir, 'logs', 'web-1.log')).mode & 0o777).toBe(0o600);
  });

  it('refuses an environment that was sealed for another request', async () => {
    await start();
    await ask('web-1', { command: ['sh'], sealedEnv: await node.sealEnv(['A=b'], newId('evt')) });
    const { data } = await node.recorder.fact('container.refused', 'node-a/web-1');
    expect(data).toMatchObject({ reason: 'IntegrityMismatch' });
    expect(await runtime.list()).toEqual([]);
  });

  it('refuses a name that is taken and a program that is not there', async () => {
    await start();
    await started('web-1');
    const taken = await ask('web-1', { command: ['sh'] });
    expect((await node.recorder.fact('container.refused', 'node-a/web-1')).data).toMatchObject({
      reason: 'NameTaken',
      request: taken,
    });
    await ask('web-2', { command: ['no-such-program'] });
    expect((await node.recorder.fact('container.refused', 'node-a/web-2')).data.message).toContain('no-such-program');
    expect((await runtime.list()).map(({ id }) => id)).toEqual(['web-1']);
  });

  it('stops, then removes', async () => {
    await start();
    await started('web-1');
    const stop = await ask('web-1', { verb: 'stop' });
    expect((await node.recorder.fact('container.stopped', 'node-a/web-1')).data).toMatchObject({
      why: 'requested',
      request: stop,
    });
    const remove = await ask('web-1', { verb: 'remove' });
    expect((await node.recorder.fact('container.gone', 'node-a/web-1')).data).toMatchObject({ request: remove });
    expect(await runtime.list()).toEqual([]);
    expect(existsSync(join(node.config.nodeDir, 'bundles', 'web-1'))).toBe(false);
  });
});

describe('a restore', () => {
  it('runs the container under a new name and says so', async () => {
    await start();
    await started('web-1');
    const { checkpoint, manifestDigest } = await imageOf('web-1');
    const id = await askRestore(checkpoint, manifestDigest, 'copy');
    const { data } = await node.recorder.fact('restore.running', id);
    expect(node.recorder.factsAbout(id)).toEqual(['restore.accepted', 'restore.materialised', 'restore.running']);
    expect(await runtime.load('copy')).toMatchObject({ run: data.run, status: 'running' });
    expect((await node.recorder.fact('container.started', 'node-a/copy')).data.origin).toMatchObject({
      kind: 'restore',
      checkpoint,
    });
    await expect.poll(() => staged()).toEqual([]);
  });

  it('is refused with every reason at once, before anything is created', async () => {
    await start();
    await started('web-1');
    const spec = (await runtime.load('web-1')).spec;
    const { checkpoint, manifestDigest } = await imageOf(
      'web-1',
      {
        runtime: { name: 'simulated', version: 'simulated-0', platform: 'simulated' },
        host: { ...hostFacts(), cpuFeatures: ['warp9'] },
      },
      { ...spec, process: { ...spec.process, args: ['another'] } },
    );
    const id = await askRestore(checkpoint, manifestDigest, 'web-1');
    const { reasons } = (await node.recorder.fact('restore.refused', id)).data;
    expect(reasons.map(({ reason }) => reason)).toEqual([
      'NameTaken',
      'RuntimeMismatch',
      'CpuFeatureMissing',
      'SpecMismatch',
    ]);
    expect(reasons[1]?.message).toContain('simulated-0');
    expect(reasons[2]?.message).toContain('warp9');
    expect(reasons[3]?.message).toContain('/process/args');
    expect((await runtime.list()).length).toBe(1);
  });

  it('fails on an image with a flipped byte, and nothing runs', async () => {
    await start();
    await started('web-1');
    const { checkpoint, manifestDigest } = await imageOf('web-1');
    flipByte(filesUnder(join(node.home, 'store', 'packs'))[0] ?? '');
    const id = await askRestore(checkpoint, manifestDigest, 'copy');
    expect((await node.recorder.fact('restore.failed', id)).data).toMatchObject({ reason: 'IntegrityMismatch' });
    expect((await runtime.list()).map(({ id: name }) => name)).toEqual(['web-1']);
    expect(staged()).toEqual([]);
  });

  it('creates nothing once the ledger has ended the request', async () => {
    const { checkpoint, manifestDigest } = await imageFromFirstLife();
    const fetched = Promise.withResolvers<void>();
    const get: ImageStore['get'] = async (...request) => {
      await fetched.promise;
      return node.store.get(...request);
    };
    const agent = await start({ store: storeWith(node.store, { get }) });
    const id = await askRestore(checkpoint, manifestDigest, 'copy');
    await node.recorder.fact('restore.accepted', id);
    await node.recorder.tell('restore.voided', id, { node: 'node-a', reason: 'OutcomeUnknown', message: 'late' });
    await expect.poll(() => agent.parts.journal.answersFor(id).length).toBe(1);
    fetched.resolve();
    expect((await node.recorder.fact('restore.failed', id)).data.reason).toBe('OutcomeUnknown');
    expect((await runtime.list()).map(({ id: name }) => name)).toEqual(['web-1']);
  });

  it('takes over the container that an earlier life of the agent restored', async () => {
    const { checkpoint, manifestDigest } = await imageFromFirstLife();
    const dies = await start({
      runtime: {
        ...runtime,
        restore: async (request: RestoreRequest) => {
          await runtime.restore(request);
          return never();
        },
      },
    });
    const id = await askRestore(checkpoint, manifestDigest, 'copy');
    await expect.poll(async () => (await runtime.list()).length).toBe(2);
    const { run } = await runtime.load('copy');
    await node.crash(dies);
    await start();
    expect((await node.recorder.fact('restore.running', id)).data.run).toBe(run);
    expect(node.recorder.factsAbout(id)).toEqual(['restore.accepted', 'restore.materialised', 'restore.running']);
  });

  it('is begun again when the agent ended while it fetched the image', async () => {
    const { checkpoint, manifestDigest } = await imageFromFirstLife();
    const get = async (_: string, dir: string) => {
      // What a store that is cut short may leave beside the directory it was to fill.
      mkdirSync(`${dir}.half`);
      writeFileSync(join(`${dir}.half`, 'checkpoint.img'), 'half');
      return never();
    };
    const dies = await start({ store: storeWith(node.store, { get }) });
    const id = await askRestore(checkpoint, manifestDigest, 'copy');
    await expect.poll(() => staged()).toEqual([`${id}.1`]);
    await node.crash(dies);
    await start();
    await node.recorder.fact('restore.running', id);
    expect(node.recorder.factsAbout(id)).toEqual(['restore.accepted', 'restore.materialised', 'restore.running']);
    await expect.poll(() => staged()).toEqual([]);
  });
});

const staged = () => (existsSync(stagingDir()) ? readdirSync(stagingDir()) : []);
const never = () => new Promise<never>(() => undefined);

/** An image in the store and no agent running. */
async function imageFromFirstLife() {
  const first = await start();
  await started('web-1');
  const image = await imageOf('web-1');
  await first.stop();
  return image;
}

function flipByte(file: string): void {
  const bytes = readFileSync(file);
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

const filesUnder = (dir: string): string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
