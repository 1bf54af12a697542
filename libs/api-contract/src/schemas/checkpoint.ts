import { checkpointPhases, type CheckpointView } from '@stasis/lifecycle';
import { z } from 'zod';
import {
  condition,
  containerName,
  anyId,
  imagePath,
  labels,
  reason,
  reasonShown,
  stringMap,
  timeoutSeconds,
} from './common.ts';
import { auditEvent, type AuditEvent } from './events.ts';

export const checkpointBody = z
  .object({
    container: containerName,
    /** False (the default): the container is stopped once the checkpoint is stored and read back. */
    leaveRunning: z.boolean().default(false),
    imagePath: imagePath.optional(),
    reason: reason.optional(),
    labels: labels.default({}),
    timeoutSeconds: timeoutSeconds.optional(),
  })
  .strict()
  .meta({ id: 'CheckpointRequest' });

const shape = {
  id: z.string(),
  ledger: z.string(),
  container: z.string(),
  node: z.string(),
  run: z.string(),
  generation: z.number().int(),
  leaveRunning: z.boolean(),
  imagePath: z.string().exactOptional(),
  labels: stringMap,
  reason: reasonShown.exactOptional(),
  requestedBy: z.string(),
  requestedAt: z.string(),
  deadline: z.string(),
  endedAt: z.string().exactOptional(),
  phase: z.enum(checkpointPhases),
  conditions: z.array(condition),
  freezeMs: z.number().exactOptional(),
  bytes: z.number().exactOptional(),
  bytesNew: z.number().exactOptional(),
  bytesShared: z.number().exactOptional(),
  manifestDigest: z.string().exactOptional(),
  runtime: z.object({ name: z.string(), version: z.string(), platform: z.string() }).exactOptional(),
  store: z.string().exactOptional(),
  adoptable: z.boolean(),
  position: z.number().int(),
  requestedPosition: z.number().int(),
};

/** One checkpoint with everything that happened to it. */
export interface CheckpointDetail extends CheckpointView {
  readonly reasonText?: string;
  readonly timeline: readonly AuditEvent[];
}

export const checkpointView: z.ZodType<CheckpointView> = z.object(shape).meta({ id: 'Checkpoint' });
export const checkpointDetail: z.ZodType<CheckpointDetail> = z
  .object({ ...shape, reasonText: z.string().exactOptional(), timeline: z.array(auditEvent) })
  .meta({ id: 'CheckpointDetail' });

/** Whether a restore on a node could work, as far as the api can tell. */
export const compatibility = z
  .object({
    checkpoint: anyId,
    node: z.string(),
    compatible: z.boolean(),
    reasons: z.array(z.object({ reason: z.string(), message: z.string() })),
  })
  .meta({ id: 'Compatibility' });
export type Compatibility = z.infer<typeof compatibility>;
