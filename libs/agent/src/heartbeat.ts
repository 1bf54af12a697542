import { topics, type Bus } from '@stasis/bus';
import { messageOf } from '@stasis/errors';
import { canonicalBytes } from '@stasis/events';
import type { Identity } from './identity.ts';

/** A sign of life, as JSON on `stasis.heartbeats` (key = node). It never enters the ledger. */
export interface Heartbeat {
  readonly node: string;
  readonly agent: Identity['agent'];
  readonly instance: string;
  /** ISO 8601. */
  readonly time: string;
}

const everyMs = 5000;

/** Sends one at once and then every 5 s. One that cannot be sent is not kept. Returns the function that ends it. */
export function startHeartbeat(bus: Bus, identity: Identity, log: (line: string) => void): () => void {
  let busy = false;
  const beat = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    const { node, agent, instance } = identity;
    const value = canonicalBytes({ node, agent, instance, time: new Date().toISOString() } satisfies Heartbeat);
    try {
      const headers = { 'content-type': 'application/json' };
      await bus.publish([{ topic: topics.heartbeats, key: node, headers, value }]);
    } catch (error) {
      log(`no sign of life could be sent: ${messageOf(error)}`);
    } finally {
      busy = false;
    }
  };
  void beat();
  const timer = setInterval(() => void beat(), everyMs);
  return () => clearInterval(timer);
}
