import { z } from 'zod';
import { actions } from '../actions.ts';
import { nodeName, reason } from './common.ts';

/** What a token may be made for; apps/api/policies says what each may do. */
export const roles = ['viewer', 'auditor', 'operator', 'restorer', 'approver', 'admin'] as const;
export type Role = (typeof roles)[number];

const day = 86_400;

export const tokenBody = z
  .object({
    /** For people; in no event. */
    name: z.string().min(1).max(100),
    role: z.enum(roles),
    /** Seconds from now on; at most 366 days. */
    expiresIn: z
      .number()
      .int()
      .min(1)
      .max(366 * day)
      .default(90 * day),
    /** The only nodes that it may act on; left out = all. */
    nodes: z.array(nodeName).min(1).max(100).optional(),
  })
  .strict()
  .meta({ id: 'TokenRequest' });

export const tokenView = z
  .object({
    /** What `authid` of events says. */
    id: z.string(),
    name: z.string(),
    role: z.string(),
    nodes: z.array(z.string()).exactOptional(),
    created: z.string(),
    /** Null = never: the admin token of the first start. */
    expires: z.string().nullable(),
    revoked: z.string().nullable(),
  })
  .meta({ id: 'Token' });
export type TokenView = z.infer<typeof tokenView>;

/** The token that asks, and what the policies let it do somewhere: what a client need not offer is not in it. */
export const whoami = tokenView.extend({ actions: z.array(z.enum(actions)) }).meta({ id: 'Whoami' });
export type Whoami = z.infer<typeof whoami>;

/** The one answer that holds the secret. */
export const tokenMade = tokenView.extend({ secret: z.string() }).meta({ id: 'TokenMade' });

export const revokeBody = z.object({ reason: reason.optional() }).strict().meta({ id: 'Revocation' });
