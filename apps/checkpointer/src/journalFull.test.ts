import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '@stasis/bus';
import { createTestNode, type TestNode } from '@stasis/agent/test-node';
import { newId } from '@stasis/events';
import type { ContainerRuntime, RuntimeContainer } from '@stasis/runtime';
import { createSimulated } from '@stasis/runtime/simulated';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkpointerUseCases } from './agent.ts';

let node: TestNode;
let runtime: ContainerRuntime;
let source: RuntimeContainer;

beforeEach(async () => {
  node = await createTestNode((root) => (runtime = createSimulated({ root: join(root, '../../../containers') })), {
    STASIS_RUNTIME: 'simulated',
  });
  const bundle = join(node.home, 'bundle');
  mkdirSync(bundle);
  const spec = { ociVersion: '1.0.2', process: { args: ['count'], cwd: '/' }, root: { path: '/' } };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
});
afterEach(() => node.end());

const begin = async (): Promise<void> => {
  source = await runtime.start({ id: 'web-1', bundle: join(node.home, 'bundle'), logFile: join(node.home, 'log') });
};

async function ask(): Promise<string> {
  const id = newId('ckp');
  await node.recorder.tell('checkpoint.requested', id, {
    container: 'node-a/web-1',
    node: 'node-a',
    run: source.run,
    generation: 1,
    leaveRunning: true,
    labels: {},
    deadline: new Date(Date.now() + 60_000).toISOString(),
  });
  return id;
}

describe('little room for the journal', () => {
  it('refuses new work with NoSpace and says so in its signs of life', async () => {
    await begin();
    const troubles: unknown[] = [];
    const listening = await node.bus.subscribe({
      topic: topics.heartbeats,
      group: 'test',
      onBatch: async (messages) => {
        for (const { value } of messages)
          troubles.push((JSON.parse(new TextDecoder().decode(value)) as { trouble?: string }).trouble);
      },
    });
    await node.start('checkpointer', checkpointerUseCases, {
      config: { journalReserveBytes: Number.MAX_SAFE_INTEGER },
    });
    const id = await ask();
    expect((await node.recorder.fact('checkpoint.refused', id)).data).toMatchObject({ reason: 'NoSpace' });
    await expect.poll(() => troubles.at(-1)).toContain(`the disk of the journal (${node.config.nodeDir})`);
    await listening.stop();
  });
});

describe.skipIf(process.getuid?.() !== 0)('a full disk below the journal', () => {
  const filler = () => join(node.config.nodeDir, 'filler');
  /** The node's directory on 2 MB of memory. */
  beforeEach(() => {
    const { nodeDir } = node.config;
    const aside = join(node.home, 'aside');
    cpSync(nodeDir, aside, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', nodeDir]);
    cpSync(aside, nodeDir, { recursive: true });
  });
  afterEach(() => execFileSync('umount', ['-l', node.config.nodeDir]));

  const fill = (): void =>
    expect(() => writeFileSync(filler(), Buffer.alloc(4 << 20))).toThrow(expect.objectContaining({ code: 'ENOSPC' }));

  it('loses nothing: what waits is done once there is room, also a capture that was under way', async () => {
    await begin();
    let letGo = (): void => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let isHeld = false;
    const slow: ContainerRuntime = {
      ...runtime,
      beginCapture: async (request) => {
        isHeld = true;
        await held;
        return runtime.beginCapture(request);
      },
    };
    await node.start('checkpointer', checkpointerUseCases, { runtime: slow, config: { journalReserveBytes: 1 } });
    await node.recorder.fact('container.discovered', 'node-a/web-1');
    const underWay = await ask();
    await expect.poll(() => isHeld).toBe(true);
    fill();
    const waiting = await Promise.all(Array.from({ length: 3 }, ask));
    letGo();
    await expect.poll(() => node.lines.join('\n'), { timeout: 20_000 }).toContain('the disk is full');
    await sleep(500);
    expect((await runtime.load('web-1')).status).toBe('running');
    rmSync(filler());
    for (const id of [underWay, ...waiting])
      await expect.poll(() => node.recorder.endsOf(id), { timeout: 60_000 }).toHaveLength(1);
    const ends = [underWay, ...waiting].flatMap(node.recorder.endsOf);
    expect(ends.filter((end) => end !== 'checkpoint.refused' && end !== 'checkpoint.failed').length).toBeGreaterThan(0);
    expect((await runtime.load('web-1')).status).toBe('running');
    const last = await ask();
    await node.recorder.fact('checkpoint.ready', last, 20_000);
  }, 120_000);
});
