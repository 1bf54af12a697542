import { z } from 'zod';

/** What recomputing every leaf and hash of a ledger found. */
export const verification = z
  .object({
    ledger: z.string(),
    /** Rows looked at. */
    size: z.number().int(),
    verified: z.boolean(),
    /** The first position that does not fit, with why. */
    firstBad: z.object({ position: z.number().int(), message: z.string() }).exactOptional(),
    durationMs: z.number(),
  })
  .meta({ id: 'Verification' });
export type Verification = z.infer<typeof verification>;

export const rebuilt = z
  .object({
    ledger: z.string(),
    /** Events folded in. */
    events: z.number().int(),
    durationMs: z.number(),
  })
  .meta({ id: 'Rebuilt' });
export type Rebuilt = z.infer<typeof rebuilt>;

/** `GET /v1/tree-heads/latest` as JSON; as text/plain it is the note alone. */
export const treeHeadShown = z
  .object({
    origin: z.string(),
    size: z.number().int(),
    /** Base64. */
    root: z.string(),
    /** The signed note (C2SP). */
    treeHead: z.string(),
  })
  .meta({ id: 'TreeHead' });
export type TreeHeadShown = z.infer<typeof treeHeadShown>;

export const readiness = z
  .object({
    ready: z.boolean(),
    parts: z.array(z.object({ part: z.string(), up: z.boolean(), message: z.string().exactOptional() })),
  })
  .meta({ id: 'Readiness' });
export type Readiness = z.infer<typeof readiness>;
