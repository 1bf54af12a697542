import type { RecordedEvent, StasisEvent } from '@stasis/events';
import { z } from 'zod';

/** A recorded event with its place in its ledger. `id` is the event's id, the same in Kafka and in proofs. */
export type AuditEvent = StasisEvent & {
  readonly position: number;
  readonly stream: string;
  readonly version: number;
  /** Free text of the reason, while it has not been erased. */
  readonly reasonText?: string;
};

export const auditEvent = z
  .object({
    specversion: z.literal('1.0'),
    id: z.string(),
    type: z.string(),
    source: z.string(),
    subject: z.string(),
    time: z.string(),
    datacontenttype: z.literal('application/json'),
    ledger: z.string(),
    recordedtime: z.string().exactOptional(),
    authtype: z.enum(['user', 'service_account', 'system', 'unauthenticated']),
    authid: z.string(),
    policyid: z.string().exactOptional(),
    correlationid: z.string(),
    causationid: z.string().exactOptional(),
    traceparent: z.string().exactOptional(),
    nodekeyid: z.string().exactOptional(),
    nodesignature: z.string().exactOptional(),
    data: z.unknown(),
    position: z.number().int(),
    stream: z.string(),
    version: z.number().int(),
    reasonText: z.string().exactOptional(),
  })
  .meta({ id: 'AuditEvent' }) as unknown as z.ZodType<AuditEvent>;

/** @param reasonText free text of the reason, if it still exists. */
export const auditEventOf = (recorded: RecordedEvent, reasonText?: string): AuditEvent => ({
  ...recorded.event,
  position: recorded.position,
  stream: recorded.stream,
  version: recorded.version,
  ...(reasonText !== undefined && { reasonText }),
});
