import { systemLedger } from '@stasis/events';
import type { Ledger } from '@stasis/ledger';
import { evolveNodeKeys, type NodeKey } from '@stasis/lifecycle';
import { withLedger } from '../databaseAway.ts';

const rememberMs = 5000;
const remembered = 10_000;

/** Keys of nodes, as the ledger tells. */
export interface NodeKeys {
  /** A map entry for each name asked. `fresh` asks the ledger, whatever is remembered. */
  of(nodes: readonly string[], fresh?: boolean): Promise<ReadonlyMap<string, readonly NodeKey[]>>;
  close(): void;
}

/** Remembers for 5 s at most, and forgets whenever the system ledger grew. */
export function createNodeKeys(ledger: Ledger): NodeKeys {
  const known = new Map<string, { keys: readonly NodeKey[]; until: number }>();
  const unsubscribe = ledger.onGrowth((name) => {
    if (name === systemLedger) known.clear();
  });
  return {
    of: async (nodes, fresh = false) => {
      const now = performance.now();
      const asked = nodes.filter((node) => fresh || (known.get(node)?.until ?? 0) < now);
      const streams = await withLedger(() => readNodes(ledger, asked));
      if (known.size > remembered) known.clear();
      for (const [node, keys] of streams) known.set(node, { keys, until: now + rememberMs });
      return new Map(nodes.map((node) => [node, streams.get(node) ?? known.get(node)?.keys ?? []]));
    },
    close: unsubscribe,
  };
}

async function readNodes(ledger: Ledger, nodes: readonly string[]): Promise<Map<string, readonly NodeKey[]>> {
  const names = [...new Set(nodes)];
  if (names.length === 0) return new Map();
  const streams = await ledger.readStreams(
    systemLedger,
    names.map((node) => `node/${node}`),
  );
  return new Map(
    names.map((node) => [node, (streams.get(`node/${node}`) ?? []).reduce<readonly NodeKey[]>(evolveNodeKeys, [])]),
  );
}
