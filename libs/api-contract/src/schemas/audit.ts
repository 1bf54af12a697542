import { outcomes } from '@stasis/events';
import { z } from 'zod';
import { anyId, containerName, nodeName } from './common.ts';
import { auditEvent, type AuditEvent } from './events.ts';

export { outcomes, type Outcome } from '@stasis/events';

/** An instant, to the millisecond or finer, with its offset. */
export const instant = z.iso.datetime({ offset: true });
export const position = z.coerce.number().int().nonnegative();

/** Positions known then, or the instant at which something was known: `<ledger>/<n>`, `<n>` or ISO 8601. */
export const asOf = z.union([z.string().regex(/^([a-z0-9-]{1,40}\/)?[0-9]{1,15}$/), instant]);

/** A moment to look at: what had happened by `validAt`, as far as was known `asOf`. */
export const momentQuery = { asOf: asOf.optional(), validAt: instant.optional() } as const;

/** What events are looked for by; all that is given must fit. The CLI's flags have the same names. */
export const eventFilter = {
  /** `<node>/<name>`: its own events, those of checkpoints of it and of restores that make it. */
  container: containerName.optional(),
  node: nodeName.optional(),
  /** Events of this checkpoint and of restores of it. */
  checkpoint: anyId.optional(),
  restore: anyId.optional(),
  /** The opaque id of who caused it. */
  actor: z.string().min(1).max(64).optional(),
  /** A whole type (`dev.stasis.checkpoint.ready.v1`) or its short form (`checkpoint.ready`). */
  type: z.string().max(100).optional(),
  outcome: z.enum(outcomes).optional(),
  /** A reason code: of a refusal or failure, or the one that the asker gave. */
  reason: z.string().min(1).max(64).optional(),
  /** Words of the reason's free text: each must be in it, whole, in whatever case. */
  text: z.string().min(1).max(500).optional(),
  ticket: z.string().min(1).max(64).optional(),
  correlation: z.string().min(1).max(64).optional(),
  /** `<name>=<value>`. */
  label: z
    .string()
    .regex(/^[^=]+=/, 'is not <name>=<value>')
    .max(320)
    .optional(),
  /** From this instant on, and before that one: by when it happened, unless `by` says recorded. */
  since: instant.optional(),
  until: instant.optional(),
  by: z.enum(['occurred', 'recorded']).optional(),
  /** Positions above this one, and up to that one. */
  after: position.optional(),
  upTo: position.optional(),
} as const;

/** `strong`: the answer reflects every event up to `position`, read in one go from the ledger itself. */
export const strong = z.literal('strong');

export interface AuditPage {
  readonly items: readonly AuditEvent[];
  readonly next: string | null;
  readonly position: number;
  readonly consistency?: 'strong';
  /** Id of the event that recorded this question. */
  readonly read?: string;
  /** In ascending order on the last page: the cursor of what comes from now on. */
  readonly resume?: string;
}

export const auditPage: z.ZodType<AuditPage> = z
  .object({
    items: z.array(auditEvent),
    next: z.string().nullable(),
    position: z.number().int(),
    consistency: strong.exactOptional(),
    read: z.string().exactOptional(),
    resume: z.string().exactOptional(),
  })
  .meta({ id: 'AuditPage' });
