import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestNode, type TestNode } from '@stasis/agent/test-node';
import { newId } from '@stasis/events';
import type { ContainerRuntime, RuntimeContainer } from '@stasis/runtime';
import { createRunsc } from '@stasis/runtime/runsc';
import { isRequired, lastCount, newestRunsc, testSpec } from '@stasis/runtime/test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkpointerUseCases } from './agent.ts';

const runsc = newestRunsc();

describe.skipIf(runsc === undefined && !isRequired)(
  `an agent over ${runsc?.version ?? 'no runsc: run npm run setup'}`,
  () => {
    let node: TestNode;
    let runtime: ContainerRuntime;
    let source: RuntimeContainer;
    let logFile: string;

    beforeEach(async () => {
      const open = async (root: string) => (runtime = await createRunsc({ binary: runsc?.binary ?? 'runsc', root }));
      node = await createTestNode(open);
      const bundle = join(node.home, 'bundle');
      mkdirSync(bundle);
      writeFileSync(join(bundle, 'config.json'), JSON.stringify(testSpec()));
      logFile = join(node.home, 'web-1.log');
      source = await runtime.start({ id: 'web-1', bundle, logFile });
      while (lastCount(logFile) <= 2) await sleep(20);
    });
    afterEach(() => node.end());

    const ask = async (leaveRunning: boolean): Promise<string> => {
      const id = newId('ckp');
      await node.recorder.tell('checkpoint.requested', id, {
        container: 'node-a/web-1',
        node: 'node-a',
        run: source.run,
        generation: 1,
        leaveRunning,
        labels: {},
        deadline: new Date(Date.now() + 60_000).toISOString(),
      });
      return id;
    };

    it('stops in two phases, and the image goes on where it was', async () => {
      node.recorder.silent = true;
      await node.start('checkpointer', checkpointerUseCases);
      const id = await ask(false);
      const { manifestDigest } = (await node.recorder.fact('checkpoint.verified', id, 20_000)).data;
      expect((await runtime.load('web-1')).status).toBe('paused');
      const frozenAt = lastCount(logFile);
      node.recorder.silent = false;
      await node.recorder.repeat('checkpoint.verified', id);
      expect((await node.recorder.fact('checkpoint.ready', id)).data).toEqual({ container: 'stopped' });
      expect(await runtime.list()).toEqual([]);

      const imageDir = join(node.home, 'image');
      await node.store.get(id, imageDir, manifestDigest);
      const restoreLog = join(node.home, 'restored.log');
      const request = { id: 'web-1', bundle: imageDir, imageDir, logFile: restoreLog, background: false };
      await runtime.restore({ ...request, timeoutMs: 30_000 });
      await expect.poll(() => lastCount(restoreLog), { timeout: 10_000 }).toBeGreaterThan(frozenAt);
      const first = /"count":(\d+)/.exec(readFileSync(restoreLog, 'utf8'))?.[1];
      expect(Number(first) - frozenAt).toBeLessThanOrEqual(2);
    }, 60_000);

    it('goes on trying to resume a container whose runtime hangs, also over a restart, until it runs', async () => {
      const hang = join(node.home, 'hang');
      const binary = join(node.home, 'hanging-runsc');
      // The real runsc, but for a resume while the file is there.
      const script = `#!/bin/sh\nif [ -e ${hang} ]; then case " $* " in *" resume "*) exec sleep 600;; esac; fi\nexec ${runsc?.binary} "$@"\n`;
      writeFileSync(binary, script, { mode: 0o755 });
      writeFileSync(hang, '');
      const hanging = await createRunsc({ binary, root: runtime.root, verbTimeoutMs: 1500 });
      node.recorder.silent = true;
      const first = await node.start('checkpointer', checkpointerUseCases, {
        runtime: hanging,
        config: { recordTimeoutMs: 100 },
      });
      const id = await ask(false);
      expect((await node.recorder.fact('checkpoint.failed', id, 30_000)).data).toMatchObject({
        reason: 'AuditUnavailable',
        container: 'paused',
        message: expect.stringContaining('is tried to be resumed until it goes on'),
      });
      await node.recorder.fact('container.paused', 'node-a/web-1', 10_000);
      await expect.poll(() => node.lines.join('\n'), { timeout: 10_000 }).toContain('"web-1" is still paused');
      await first.stop();
      expect((await runtime.load('web-1')).status).toBe('paused');
      rmSync(hang);
      await node.start('checkpointer', checkpointerUseCases, { runtime: hanging });
      await node.recorder.fact('container.resumed', 'node-a/web-1', 10_000);
      const held = lastCount(logFile);
      await expect.poll(() => lastCount(logFile), { timeout: 10_000 }).toBeGreaterThan(held);
    }, 90_000);

    it('sees what ended without being told', async () => {
      await node.start('checkpointer', checkpointerUseCases);
      await node.recorder.fact('container.discovered', 'node-a/web-1');
      process.kill((await runtime.load('web-1')).sandboxPid ?? 0, 'SIGKILL');
      expect((await node.recorder.fact('container.stopped', 'node-a/web-1')).data).toMatchObject({ why: 'exited' });
      await runtime.delete('web-1');
      await node.recorder.fact('container.gone', 'node-a/web-1');
    }, 60_000);
  },
);
