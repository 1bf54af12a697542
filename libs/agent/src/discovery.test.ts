import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerRuntime } from '@stasis/runtime';
import { createSimulated } from '@stasis/runtime/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockContainer } from './containerLock.ts';
import { startDiscovery } from './discovery.ts';
import type { UseCases } from './startAgent.ts';
import { createTestNode, type TestNode } from './testNode.ts';

const looking: UseCases = { containerOf: () => 'none', perform: async () => undefined, beside: startDiscovery };

let node: TestNode;
let runtime: ContainerRuntime;
let bundle: string;

beforeEach(async () => {
  node = await createTestNode((root) => (runtime = createSimulated({ root })), { STASIS_RUNTIME: 'simulated' });
  bundle = join(node.home, 'bundle');
  mkdirSync(bundle);
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({ ociVersion: '1.0.2' }));
});
afterEach(() => node.end());

const begin = (id: string) => runtime.start({ id, bundle, logFile: join(node.home, `${id}.log`) });
const told = () => node.recorder.factsAbout('node-a/web-1');

describe('discovery', () => {
  it('tells of what others started, once a run, also over a restart of the agent', async () => {
    const { run } = await begin('web-1');
    const first = await node.start('checkpointer', looking);
    expect((await node.recorder.fact('container.discovered', 'node-a/web-1')).data).toMatchObject({
      run,
      status: 'running',
      specDigest: expect.stringMatching(/^sha256:/),
    });
    await first.stop();
    await node.start('checkpointer', looking);
    await begin('web-2');
    await node.recorder.fact('container.discovered', 'node-a/web-2');
    expect(told()).toEqual(['container.discovered']);
  });

  it('tells what ended or went away while the agent was down', async () => {
    await begin('web-1');
    await begin('web-2');
    const first = await node.start('checkpointer', looking);
    await node.recorder.fact('container.discovered', 'node-a/web-2');
    await first.stop();
    await runtime.kill('web-1');
    await runtime.delete('web-2');
    await node.start('checkpointer', looking);
    expect((await node.recorder.fact('container.stopped', 'node-a/web-1')).data).toMatchObject({ why: 'exited' });
    await node.recorder.fact('container.gone', 'node-a/web-2');
  });

  it('tells that someone paused it and let it go on, and of one that was paused when it was first seen', async () => {
    const { run } = await begin('web-1');
    await begin('web-2');
    await runtime.pause('web-2');
    await node.start('checkpointer', looking);
    expect((await node.recorder.fact('container.discovered', 'node-a/web-2')).data).toMatchObject({ status: 'paused' });
    await node.recorder.fact('container.discovered', 'node-a/web-1');
    await runtime.pause('web-1');
    expect((await node.recorder.fact('container.paused', 'node-a/web-1')).data).toEqual({
      container: 'node-a/web-1',
      run,
    });
    await runtime.resume('web-1');
    await node.recorder.fact('container.resumed', 'node-a/web-1');
    expect(told()).toEqual(['container.discovered', 'container.paused', 'container.resumed']);
  });

  it('tells of another run under the same name as a discovery of its own', async () => {
    const one = await begin('web-1');
    await node.start('checkpointer', looking);
    await node.recorder.fact('container.discovered', 'node-a/web-1');
    await runtime.delete('web-1');
    const two = await begin('web-1');
    await expect
      .poll(() => node.recorder.facts.map(({ data }) => (data as { run?: string }).run))
      .toEqual(expect.arrayContaining([one.run, two.run]));
  });

  it('tells that a created container came to run', async () => {
    await begin('web-1');
    let status: 'created' | 'running' = 'created';
    const list = async () => (await runtime.list()).map((container) => ({ ...container, status }));
    await node.start('checkpointer', looking, { runtime: { ...runtime, list } });
    expect((await node.recorder.fact('container.discovered', 'node-a/web-1')).data.status).toBe('created');
    status = 'running';
    expect((await node.recorder.fact('container.started', 'node-a/web-1')).data.origin).toBeUndefined();
  });

  it('leaves a container to the agent that works on it', async () => {
    const unlock = await lockContainer(node.config.nodeDir, 'web-1', 0);
    await begin('web-1');
    await begin('web-2');
    await node.start('checkpointer', looking);
    await node.recorder.fact('container.discovered', 'node-a/web-2');
    expect(told()).toEqual([]);
    unlock();
    await node.recorder.fact('container.discovered', 'node-a/web-1');
  });
});
