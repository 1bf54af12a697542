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
  /** Requests that it did not believe since its start. */
  readonly refused: number;
  /** Why it takes on no new work; absent while it does. */
  readonly trouble?: string;
}

const everyMs = 5000;
/** An api that starts beside the agent hears nothing before it listens, so the first signs come close together. */
const atFirst = { everyMs: 250, forMs: 5000 };

/**
 * Sends one at once, one each quarter of a second for 5 s, and then one every 5 s. One that cannot be sent is not kept.
 * Returns the function that ends it.
 */
export function startHeartbeat(
  bus: Bus,
  identity: Identity,
  state: () => { readonly refused: number; readonly trouble: string | undefined },
  log: (line: string) => void,
): () => void {
  let busy = false;
  const beat = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    const { node, agent, instance } = identity;
    const time = new Date().toISOString();
    try {
      const { refused, trouble } = state();
      const sign: Heartbeat = { node, agent, instance, time, refused, ...(trouble !== undefined && { trouble }) };
      const value = canonicalBytes(sign);
      const headers = { 'content-type': 'application/json' };
      await bus.publish([{ topic: topics.heartbeats, key: node, headers, value }]);
    } catch (error) {
      log(`no sign of life could be sent: ${messageOf(error)}`);
    } finally {
      busy = false;
    }
  };
  const begun = performance.now();
  const tick = (): void => {
    void beat();
    timer = setTimeout(tick, performance.now() - begun < atFirst.forMs ? atFirst.everyMs : everyMs);
  };
  let timer: NodeJS.Timeout;
  tick();
  return () => clearTimeout(timer);
}
