import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTestNode, type TestNode } from '@stasis/agent/test-node';
import { createRunsc } from '@stasis/runtime/runsc';
import { isRequired, newestRunsc } from '@stasis/runtime/test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { restorerUseCases } from './agent.ts';

const runsc = newestRunsc();

/** The home below /tmp, which is hidden as a whole, and elsewhere, where it is hidden by itself. */
describe.skipIf(runsc === undefined && !isRequired).each(['/tmp', '/var/tmp'])(
  'a command over the host root, with the home in %s',
  (directory) => {
    let node: TestNode;
    const before = process.env['TMPDIR'];

    beforeEach(async () => {
      process.env['TMPDIR'] = directory;
      node = await createTestNode((root) => createRunsc({ binary: runsc?.binary ?? 'runsc', root }));
    });
    afterEach(async () => {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
      await node.end();
    });

    it('sees neither the admin token nor a key of the node', async () => {
      expect(node.home.startsWith(directory)).toBe(true);
      const secrets = [join(node.home, 'admin.token'), join(node.home, 'signing.key'), join(node.home, 'store.key')];
      for (const file of secrets) writeFileSync(file, 'the-secret-itself', { mode: 0o600 });
      await node.start('restorer', restorerUseCases);
      const container = 'node-a/thief';
      const script = [
        `find ${node.home} -type f 2>&1; cat ${secrets.join(' ')} ${node.config.nodeDir}/* 2>&1`,
        `grep -rs the-secret-itself ${node.home}; echo it has looked; sleep 100`,
      ].join('; ');
      await node.recorder.tell('container.requested', container, {
        container,
        node: 'node-a',
        verb: 'start',
        command: ['sh', '-c', script],
        deadline: new Date(Date.now() + 60_000).toISOString(),
      });
      await node.recorder.fact('container.started', container, 20_000);
      const log = join(node.config.nodeDir, 'logs', 'thief.log');
      const seen = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');
      await expect.poll(seen, { timeout: 20_000 }).toContain('it has looked');
      expect(seen()).not.toContain('the-secret-itself');
      expect(seen()).not.toContain('PRIVATE KEY');
      for (const file of secrets) expect(seen()).toContain(`${file}: No such file or directory`);
    }, 60_000);
  },
);
