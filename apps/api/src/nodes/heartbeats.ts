import { type Bus, type Subscription, topics } from '@stasis/bus';
import type { AgentKind } from '@stasis/lifecycle';
import { z } from 'zod';
import type { Log } from '../log.ts';

const heartbeat = z.object({
  node: z.string(),
  agent: z.enum(['checkpointer', 'restorer']),
  instance: z.string(),
  refused: z.number().int().nonnegative().optional(),
  trouble: z.string().max(1000).optional(),
});

export interface SignOfLife {
  readonly instance: string;
  /** When this api heard it, by its own clock. */
  readonly at: Date;
  /** Requests that the agent did not believe since its start. */
  readonly refused: number;
  /** Why it takes on no new work. */
  readonly trouble?: string;
}

/** Signs of life of the agents, as far as this api has heard them since its start. */
export interface Heartbeats {
  last(node: string, agent: AgentKind): SignOfLife | undefined;
  stop(): Promise<void>;
}

/** Listens to stasis.heartbeats in a group of its own: every api hears every agent. */
export async function listenToHeartbeats(bus: Bus, instance: string, log: Log): Promise<Heartbeats> {
  const heard = new Map<string, SignOfLife>();
  const subscription: Subscription = await bus.subscribe({
    topic: topics.heartbeats,
    group: `stasis-api-heartbeats-${instance}`,
    from: 'latest',
    onBatch: async (messages) => {
      for (const { value } of messages) {
        const read = heartbeat.safeParse(jsonOf(value));
        if (read.success) {
          const { node, agent, instance: of, refused = 0, trouble } = read.data;
          heard.set(`${node}/${agent}`, {
            instance: of,
            at: new Date(),
            refused,
            ...(trouble !== undefined && { trouble }),
          });
        } else log.warn({ issue: read.error.issues[0]?.message }, 'a sign of life was malformed');
      }
    },
  });
  return {
    last: (node, agent) => heard.get(`${node}/${agent}`),
    stop: () => subscription.stop(),
  };
}

function jsonOf(value: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(value));
  } catch {
    return undefined;
  }
}
