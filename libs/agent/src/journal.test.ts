import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { newId } from '@stasis/events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { factMaker } from './facts.ts';
import { Journal } from './journal.ts';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stasis-journal-'));
  file = join(dir, 'journal.sqlite');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const fact = factMaker({ node: 'node-a', agent: 'checkpointer', instance: 'one', authid: newId('sub') });
const accepted = (subject: string = newId('ckp')) => fact('checkpoint.accepted', subject, { attempt: 1 });

describe('a journal', () => {
  it('makes the changes of one tick one commit, and undoes only the one that throws', async () => {
    const journal = new Journal(file);
    let commits = 0;
    journal.onCommit(() => (commits += 1));
    const outcomes = await Promise.allSettled([
      journal.commit((tx) => tx.setting('a', '1')),
      journal.commit((tx) => {
        tx.setting('b', '1');
        throw new Error('no');
      }),
      journal.commit((tx) => tx.setting('c', '1')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([journal.setting('a'), journal.setting('b'), journal.setting('c')]).toEqual(['1', undefined, '1']);
    expect(commits).toBe(1);
    journal.close();
  });

  it('takes a request in once, and keeps a fact of one step once', async () => {
    const journal = new Journal(file);
    const request = accepted();
    const taken: boolean[] = [];
    for (let i = 0; i < 2; i += 1) await journal.commit((tx) => void taken.push(tx.takeIn(request)));
    await journal.commit((tx) => tx.fact(accepted(), 'step'));
    await journal.commit((tx) => tx.fact(accepted(), 'step'));
    expect(taken).toEqual([true, false]);
    expect(journal.openRequests()).toHaveLength(1);
    expect(journal.unsentFacts(10)).toHaveLength(1);
    journal.close();
  });

  it('drops a request that was not begun, and leaves one that was', async () => {
    const journal = new Journal(file);
    const [waiting, begun] = [accepted(), accepted()];
    await journal.commit((tx) => {
      tx.takeIn(waiting);
      tx.takeIn(begun);
      tx.step(begun.id, { step: 'accepted' });
      tx.dropUnbegun(waiting.subject);
      tx.dropUnbegun(begun.subject);
    });
    expect(journal.openRequests().map(({ id }) => id)).toEqual([begun.id]);
    await expect(journal.commit((tx) => tx.step(waiting.id, { step: 'accepted' }))).rejects.toThrow('is not open');
    journal.close();
  });

  it('keeps what a step needs to go on, over a restart', async () => {
    const journal = new Journal(file);
    const request = accepted();
    await journal.commit((tx) => tx.takeIn(request));
    await journal.commit((tx) =>
      tx.step(request.id, { step: 'accepted', attempt: 2, attemptDir: '/x', notes: { attempt: { root: '/r' } } }),
    );
    await journal.commit((tx) =>
      tx.step(request.id, { step: 'accepted', capture: { pid: 7, startTicks: '9' }, notes: { more: 1 } }),
    );
    journal.close();
    const again = new Journal(file);
    expect(again.request(request.id)).toMatchObject({
      state: 'begun',
      step: 'accepted',
      attempt: 2,
      attemptDir: '/x',
      capture: { pid: 7, startTicks: '9' },
      notes: { attempt: { root: '/r' }, more: 1 },
    });
    again.close();
  });

  it('forgets old facts only once they are sent', async () => {
    const journal = new Journal(file);
    for (let i = 0; i < 5; i += 1) await journal.commit((tx) => tx.fact(accepted()));
    await journal.commit((tx) => tx.sent(journal.unsentFacts(2).at(-1)?.seq ?? 0));
    await journal.commit((tx) => tx.prune(0));
    expect(journal.facts()).toHaveLength(3);
    expect(journal.unsentFacts(10)).toHaveLength(3);
    journal.close();
  });
});

/** Takes in request after request with its fact and the offset after it, and says each number once it is durable. */
const writer = `
  const { Journal } = await import(process.argv[1]);
  const journal = new Journal(process.argv[2]);
  let next = Number(journal.nextOffset('t', 0) ?? '0');
  for (;;) {
    const n = next++;
    const event = (kind) => ({ id: kind + n, subject: 's' + n, type: 't' });
    await journal.commit((tx) => {
      tx.takeIn(event('request'));
      tx.fact(event('fact'), 'once' + n);
      tx.offset('t', 0, String(n + 1));
    });
    console.log(n);
  }`;

describe('kill -9 in the middle of writing', () => {
  it('loses nothing that was committed and tears no transaction', async () => {
    let said = -1;
    for (let round = 0; round < 4; round += 1) {
      const argv = [
        '--no-warnings',
        '--input-type=module',
        '-e',
        writer,
        join(import.meta.dirname, 'journal.ts'),
        file,
      ];
      const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
      const floor = said + 20 + round * 7;
      for await (const line of createInterface(child.stdout)) {
        said = Math.max(said, Number(line));
        if (said >= floor) child.kill('SIGKILL');
      }
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      const journal = new Journal(file);
      const next = Number(journal.nextOffset('t', 0));
      expect(next).toBeGreaterThan(said);
      expect(journal.openRequests().map(({ id }) => id)).toEqual(Array.from({ length: next }, (_, i) => `request${i}`));
      expect(journal.facts().map(({ id }) => id)).toEqual(Array.from({ length: next }, (_, i) => `fact${i}`));
      journal.close();
    }
  }, 30_000);
});
