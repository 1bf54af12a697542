import { type Bus, topics } from '@stasis/bus';
import { StasisError } from '@stasis/errors';
import { type KeptTreeHead, listTreeHeads, type PostgresLedger } from '@stasis/ledger/postgres';
import { pause, type Term } from '../leader.ts';
import type { RelayCursor } from '../relay/relay.ts';
import { ledgersWithHeads } from './signTreeHeads.ts';

interface Parts {
  readonly ledger: PostgresLedger;
  readonly bus: Bus;
  /** By size of the tree head. */
  readonly cursor: RelayCursor;
}

const everyMs = 500;
const batchSize = 200;

/**
 * Publishes each tree head on `stasis.tree-heads` (key = ledger, value = the signed note), in order of size, from the
 * durable cursor on, for one term. What was published but not yet noted is published again by the next leader.
 */
export async function publishTreeHeads(
  { ledger, bus, cursor }: Parts,
  { fencing, signal, isCurrent }: Term,
): Promise<void> {
  const published = new Map<string, number>();
  while (!signal.aborted) {
    for (const name of await ledgersWithHeads(ledger.database)) {
      const after = published.get(name) ?? (await cursor.read(name));
      const heads = await listTreeHeads(ledger.database, name, { after, limit: batchSize });
      const last = heads.at(-1);
      if (last === undefined) continue;
      if (!isCurrent()) throw superseded(name);
      await bus.publish(heads.map((head) => messageOfHead(name, head)));
      if (!(await cursor.move(name, last.size, fencing))) throw superseded(name);
      published.set(name, last.size);
    }
    await pause(everyMs, signal);
  }
}

const messageOfHead = (ledger: string, { size, note }: KeptTreeHead): Parameters<Bus['publish']>[0][number] => ({
  topic: topics.treeHeads,
  key: ledger,
  headers: { 'content-type': 'text/plain; charset=utf-8', ledger, size: String(size) },
  value: new TextEncoder().encode(note),
});

const superseded = (ledger: string): StasisError =>
  new StasisError('VersionConflict', `another api publishes the tree heads of ledger "${ledger}" now`);
