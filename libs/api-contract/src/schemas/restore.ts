import { isContainerId } from '@stasis/container';
import { restorePhases, type RestoreView } from '@stasis/lifecycle';
import { z } from 'zod';
import {
  causeShown,
  condition,
  anyId,
  imagePath,
  labels,
  nodeName,
  reason,
  reasonShown,
  stringMap,
  timeoutSeconds,
} from './common.ts';
import { auditEvent, type AuditEvent } from './events.ts';

export const newContainerName = z
  .string()
  .refine(isContainerId, 'is not a container name (letters, digits and _ + . -, at most 128)');

export const restoreBody = z
  .object({
    checkpoint: anyId,
    /** Default: the node of the checkpoint. */
    node: nodeName.optional(),
    /** Default: the name of the checkpointed container. */
    name: newContainerName.optional(),
    imagePath: imagePath.optional(),
    reason: reason.optional(),
    labels: labels.default({}),
    timeoutSeconds: timeoutSeconds.optional(),
  })
  .strict()
  .meta({ id: 'RestoreRequest' });

const shape = {
  id: z.string(),
  ledger: z.string(),
  checkpoint: z.string(),
  node: z.string(),
  name: z.string(),
  container: z.string(),
  manifestDigest: z.string().exactOptional(),
  labels: stringMap,
  reason: reasonShown.exactOptional(),
  requestedBy: z.string(),
  requestedAt: z.string(),
  deadline: z.string(),
  endedAt: z.string().exactOptional(),
  phase: z.enum(restorePhases),
  conditions: z.array(condition),
  reasons: z.array(causeShown),
  run: z.string().exactOptional(),
  bytes: z.number().exactOptional(),
  warnings: z.array(z.string()).exactOptional(),
  twin: z.boolean(),
  position: z.number().int(),
  requestedPosition: z.number().int(),
};

/** One restore with everything that happened to it. */
export interface RestoreDetail extends RestoreView {
  readonly reasonText?: string;
  readonly timeline: readonly AuditEvent[];
}

export const restoreView: z.ZodType<RestoreView> = z.object(shape).meta({ id: 'Restore' });
export const restoreDetail: z.ZodType<RestoreDetail> = z
  .object({ ...shape, reasonText: z.string().exactOptional(), timeline: z.array(auditEvent) })
  .meta({ id: 'RestoreDetail' });
