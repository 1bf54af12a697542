import { z } from 'zod';
import { strong } from './audit.ts';
import { auditEvent } from './events.ts';
import { containerStatus as status } from './container.ts';

/** A container as it was, and what could have been restored of it. */
const fleetItem = z.object({
  /** `<node>/<name>`. */
  container: z.string(),
  node: z.string(),
  name: z.string(),
  status,
  generation: z.number().int(),
  run: z.string().nullable(),
  /** Since when it was so. */
  since: z.string(),
  /** The newest checkpoint that was Ready and neither expired nor deleted. */
  checkpoint: z
    .object({
      id: z.string(),
      capturedAt: z.string(),
      readyAt: z.string(),
      /** How old its state was at that moment. */
      ageSeconds: z.number(),
      bytes: z.number().nullable(),
      /** `<name> <version>` of the runtime that wrote it. */
      runtime: z.string().nullable(),
    })
    .nullable(),
  /** Nodes whose restorer had joined with the runtime that wrote the checkpoint: at most 16 of them, and how many. */
  restorableOn: z.array(z.string()),
  restorableOnCount: z.number().int(),
});

export const fleetAsOf = z
  .object({
    items: z.array(fleetItem),
    next: z.string().nullable(),
    /** Of the whole fleet, whatever the filter. */
    totals: z.object({
      containers: z.number().int(),
      byStatus: z.partialRecord(status, z.number().int()),
      withCheckpoint: z.number().int(),
    }),
    /** What was known: events up to this position; it was recorded at `knownAt`. */
    position: z.number().int(),
    knownAt: z.string().nullable(),
    /** By when it happened; null = everything that was known. */
    validAt: z.string().nullable(),
    /** When the first thing happened that the ledger knows of: before it the fleet is empty because nobody looked. */
    ledgerBegins: z.string().nullable(),
    consistency: strong,
    read: z.string(),
  })
  .meta({ id: 'FleetAsOf' });
export type FleetAsOf = z.infer<typeof fleetAsOf>;

const stateThen = z.object({ status, generation: z.number().int(), since: z.string() }).nullable();

/** What changed between two instants, by container; events of nothing that has a container come last under null. */
export const auditDiff = z
  .object({
    from: z.string(),
    to: z.string(),
    items: z.array(
      z.object({
        container: z.string().nullable(),
        before: stateThen,
        after: stateThen,
        events: z.array(auditEvent),
      }),
    ),
    position: z.number().int(),
    consistency: strong,
    read: z.string(),
  })
  .meta({ id: 'AuditDiff' });
export type AuditDiff = z.infer<typeof auditDiff>;

/** The story of one thing, oldest first by when it happened. */
export const auditTrail = z
  .object({
    of: z.string(),
    kind: z.enum(['container', 'checkpoint', 'actor']),
    /** Containers that it was or became: a restore carries a story on to another one. */
    containers: z.array(z.string()),
    items: z.array(z.object({ container: z.string().nullable(), event: auditEvent })),
    /** Older events than the first were left out. */
    more: z.boolean(),
    position: z.number().int(),
    consistency: strong,
    read: z.string(),
  })
  .meta({ id: 'AuditTrail' });
export type AuditTrail = z.infer<typeof auditTrail>;
