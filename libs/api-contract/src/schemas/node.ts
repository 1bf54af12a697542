import type { NodeView } from '@stasis/lifecycle';
import { z } from 'zod';

const agent = z.object({
  instance: z.string(),
  partition: z.number().int(),
  joinedAt: z.string(),
  status: z.enum(['joined', 'lost']),
  lostAt: z.string().exactOptional(),
});

/**
 * `lastSeen` by agent: signs of life that this api has received. `requestsRefused`: messages that its agents say they did
 * not believe since they started.
 */
export interface NodeShown extends NodeView {
  readonly lastSeen: { readonly checkpointer?: string; readonly restorer?: string };
  readonly requestsRefused: number;
}

export const nodeShown: z.ZodType<NodeShown> = z
  .object({
    id: z.string(),
    ledger: z.string(),
    agents: z.object({ checkpointer: agent.exactOptional(), restorer: agent.exactOptional() }),
    runtime: z.object({ name: z.string(), version: z.string(), platform: z.string() }).exactOptional(),
    kernel: z.string().exactOptional(),
    architecture: z.string().exactOptional(),
    cpuModel: z.string().exactOptional(),
    cpuFeatures: z.array(z.string()),
    keys: z.array(
      z.object({
        keyId: z.string(),
        publicKey: z.string(),
        position: z.number().int(),
        from: z.string(),
        until: z.string().exactOptional(),
      }),
    ),
    lastSeen: z.object({ checkpointer: z.string().exactOptional(), restorer: z.string().exactOptional() }),
    requestsRefused: z.number().int(),
    position: z.number().int(),
  })
  .meta({ id: 'Node' });
