import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makePrivate, readAgentConfig } from './agentConfig.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stasis-config-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the settings of an agent', () => {
  it('have defaults beneath STASIS_HOME', () => {
    const config = readAgentConfig({ STASIS_HOME: '/srv/stasis', STASIS_NODE: 'node-a' });
    expect(config).toMatchObject({
      nodeDir: '/srv/stasis/nodes/node-a',
      roots: ['/srv/stasis/nodes/node-a/runsc'],
      runtime: 'runsc',
      store: 'file:///srv/stasis/store',
      concurrency: 4,
      recordTimeoutMs: 300_000,
    });
  });

  it('take several roots, the first being where containers are made', () => {
    const config = readAgentConfig({ STASIS_NODE: 'node-a', STASIS_RUNSC_ROOTS: '/run/a:/run/b' });
    expect(config.roots).toEqual(['/run/a', '/run/b']);
  });

  it('keep the staging directories of two homes apart', () => {
    const of = (home: string) => readAgentConfig({ STASIS_HOME: home, STASIS_NODE: 'node-a' }).staging;
    expect(of('/srv/one')).not.toEqual(of('/srv/two'));
  });

  for (const [name, value] of [
    ['STASIS_NODE', 'Not A Name'],
    ['STASIS_RUNTIME', 'runc'],
    ['STASIS_NODE_CONCURRENCY', '0'],
    ['STASIS_RECORD_TIMEOUT_MS', 'soon'],
  ] as const)
    it(`name ${name} when it is wrong`, () => {
      expect(() => readAgentConfig({ STASIS_NODE: 'node-a', [name]: value })).toThrow(
        expect.objectContaining({ code: 'ConfigInvalid', message: expect.stringContaining(name) }),
      );
    });

  it('end the process with 2 and one line when they are wrong', () => {
    const script = `const { runAgentProcess } = await import(process.argv[1]); await runAgentProcess('checkpointer', {});`;
    const argv = ['--no-warnings', '--input-type=module', '-e', script, join(import.meta.dirname, 'agentProcess.ts')];
    const env = { ...process.env, STASIS_HOME: dir, STASIS_RUNTIME: 'runc' };
    const { status, stderr } = spawnSync(process.execPath, argv, { env, encoding: 'utf8' });
    expect(status).toBe(2);
    expect(stderr).toBe('checkpointer: STASIS_RUNTIME: "runc" is neither runsc nor simulated\n');
  });
});

describe('a private directory', () => {
  it('is refused when it is a link or others may write to it', () => {
    mkdirSync(join(dir, 'open'));
    spawnSync('chmod', ['777', join(dir, 'open')]);
    symlinkSync(dir, join(dir, 'link'));
    for (const name of ['open', 'link'])
      expect(() => makePrivate(join(dir, name))).toThrow(expect.objectContaining({ code: 'ConfigInvalid' }));
    expect(makePrivate(join(dir, 'new'))).toBe(join(dir, 'new'));
  });
});
