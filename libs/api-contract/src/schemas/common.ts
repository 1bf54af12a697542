import { isNodeName } from '@stasis/container';
import { reasonGiven, reasonInLeaf, type ReasonGiven } from '@stasis/events';
import { z } from 'zod';

/** Why, as the caller gives it: a sentence, or a sentence with a code and a ticket. */
export const reason = z.union([z.string().min(1).max(2000), reasonGiven]);

/** One form for both ways to give a reason. */
export const reasonOf = (given: string | ReasonGiven): ReasonGiven =>
  typeof given === 'string' ? { text: given } : given;

export const labels = z
  .record(z.string().min(1).max(63), z.string().max(256))
  .refine((all) => Object.keys(all).length <= 32, 'has more than 32 labels');

/** The recorder voids the request when this many seconds have passed. */
export const timeoutSeconds = z.number().int().min(1).max(86_400);

/** Given by the one-shot command on the node, which carries the request out itself with its image in this directory. */
export const imagePath = z.string().startsWith('/').max(4096);

/** An id as callers give it. One that is not of its kind is simply not found: 404, not 400. */
export const anyId = z.string().min(1).max(64);

export const nodeName = z.string().refine(isNodeName, 'is not a node name (a lower-case RFC 1123 label)');
/** `<node>/<name>`, or `<name>` where that is unique. */
export const containerName = z.string().min(1).max(200);

export const ledgerName = z.string().regex(/^[a-z0-9-]{1,40}$/);
/** Waits (at most 10 s) until the read model has this position: `<ledger>/<n>` or `<n>`. */
export const waitFor = z.string().regex(/^([a-z0-9-]{1,40}\/)?[0-9]{1,15}$/);

export const readQuery = z.object({ ledger: ledgerName.optional(), waitFor: waitFor.optional() });
export const listQuery = readQuery.extend({
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(200).optional(),
});

export const condition = z
  .object({
    type: z.enum(['Accepted', 'Captured', 'Stored', 'Verified', 'Ready', 'Failed', 'Refused']),
    status: z.enum(['True', 'False']),
    reason: z.string(),
    message: z.string(),
    at: z.string(),
  })
  .meta({ id: 'Condition' });

export const reasonShown = reasonInLeaf;
export const stringMap = z.record(z.string(), z.string());
export const causeShown = z.object({ reason: z.string(), message: z.string() });

/** A page: `next` is the cursor of the following one, null on the last; `position` the
 * ledger position that the answer reflects. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
  readonly position: number;
}

export const pageOf = <T>(item: z.ZodType<T>): z.ZodType<Page<T>> =>
  z.object({ items: z.array(item), next: z.string().nullable(), position: z.number().int() });
