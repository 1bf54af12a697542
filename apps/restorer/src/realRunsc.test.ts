import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestNode, type TestNode } from '@stasis/agent/test-node';
import { newId } from '@stasis/events';
import { sealImage } from '@stasis/image';
import { hostFacts, stderrFileName, type ContainerRuntime } from '@stasis/runtime';
import { createRunsc } from '@stasis/runtime/runsc';
import { isRequired, lastCount, newestRunsc } from '@stasis/runtime/test-kit';
import { normaliseSpec, redactSpec, type OciSpec } from '@stasis/spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restorerUseCases } from './agent.ts';
import { writeBundle } from './hostRootBundle.ts';

const runsc = newestRunsc();
const program = `let count = 0; setInterval(() => console.log(JSON.stringify({ count: ++count, home: process.env.SECRET })), 20)`;

describe.skipIf(runsc === undefined && !isRequired)(`a restorer over ${runsc?.version ?? 'no runsc'}`, () => {
  let node: TestNode;
  let runtime: ContainerRuntime;
  let log: (name: string) => string;

  beforeEach(async () => {
    const open = async (root: string) => (runtime = await createRunsc({ binary: runsc?.binary ?? 'runsc', root }));
    node = await createTestNode(open);
    log = (name) => join(node.config.nodeDir, 'logs', `${name}.log`);
    await node.start('restorer', restorerUseCases);
  });
  afterEach(() => node.end());

  const deadline = () => new Date(Date.now() + 60_000).toISOString();

  async function startProgram(name: string) {
    const container = `node-a/${name}`;
    const command = ['node', '-e', program];
    const id = newId('evt');
    const request = {
      container,
      node: 'node-a',
      verb: 'start' as const,
      command,
      sealedEnv: await node.sealEnv(['SECRET=s3'], id),
      deadline: deadline(),
    };
    await node.recorder.tell('container.requested', container, request, id);
    await node.recorder.fact('container.started', container, 20_000);
    while (lastCount(log(name)) < 5) await sleep(20);
  }

  /** Captures, ends and stores the container as the checkpointer would. */
  async function checkpoint(name: string) {
    const id = newId('ckp');
    const dir = join(node.home, id);
    mkdirSync(dir);
    const { bundle, run } = await runtime.load(name);
    const capture = { id: name, attemptDir: dir, after: 'stop', compression: 'none', timeoutMs: 30_000 } as const;
    await (await runtime.beginCapture(capture)).done();
    rmSync(join(dir, stderrFileName), { force: true });
    await runtime.delete(name);
    const config = readFileSync(join(bundle, 'config.json'), 'utf8');
    const spec = JSON.parse(config) as OciSpec;
    writeFileSync(join(dir, 'config.json'), config);
    const { name: of, version, platform } = await runtime.info();
    const { manifestDigest } = await sealImage(dir, {
      checkpoint: id,
      container: { id: name, node: 'node-a', run },
      capturedAt: new Date().toISOString(),
      runtime: { name: of, version, platform },
      host: hostFacts(),
      compression: 'none',
      spec: redactSpec(normaliseSpec(spec)),
    });
    await node.store.put(id, dir);
    return { checkpoint: id, manifestDigest };
  }

  async function restore(image: { checkpoint: string; manifestDigest: string }, name: string) {
    const id = newId('rst');
    const container = `node-a/${name}`;
    const request = { ...image, node: 'node-a', name, container, labels: {}, deadline: deadline() };
    await node.recorder.tell('restore.requested', id, request);
    return id;
  }

  it('restores two copies of one checkpoint at once, each going on where it was, with a log of its own', async () => {
    await startProgram('web-1');
    const image = await checkpoint('web-1');
    const before = lastCount(log('web-1'));
    const ids = await Promise.all([restore(image, 'web-1'), restore(image, 'copy')]);
    for (const id of ids) await node.recorder.fact('restore.running', id, 30_000);
    while (lastCount(log('web-1')) <= before + 2 || lastCount(log('copy')) <= before + 2) await sleep(20);
    const first = readFileSync(log('copy'), 'utf8').split('\n')[0] ?? '';
    expect(JSON.parse(first)).toEqual({ count: expect.any(Number), home: 's3' });
    expect((JSON.parse(first) as { count: number }).count - before).toBeLessThanOrEqual(3);
    expect(statSync(log('copy')).mode & 0o777).toBe(0o600);
    const counts = readFileSync(log('web-1'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { count: number }).count);
    expect(counts.every((count, i) => count === i + 1)).toBe(true);
  });

  it('says in the words of the runtime why a start failed, and leaves nothing under the name', async () => {
    const container = 'node-a/broken';
    const bundle = join(node.home, 'broken');
    writeBundle(bundle, {
      ociVersion: '1.0.2',
      process: { user: { uid: 0, gid: 0 }, args: ['/no/such/program'], cwd: '/' },
      root: { path: '/', readonly: true },
    });
    const request = { container, node: 'node-a', verb: 'start', bundle, deadline: deadline() } as const;
    const { id } = await node.recorder.tell('container.requested', container, request);
    const { data } = await node.recorder.fact('container.failed', container, 20_000);
    expect(data).toMatchObject({ reason: 'RuntimeFailed', request: id });
    expect(data.message).toContain('/no/such/program');
    expect(await runtime.list()).toEqual([]);
  });
});
