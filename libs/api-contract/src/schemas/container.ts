import { containerStatuses, type ContainerStatus } from '@stasis/container';
import type { ContainerView } from '@stasis/lifecycle';
import { z } from 'zod';
import { imagePath, labels, nodeName, reason, stringMap, timeoutSeconds } from './common.ts';
import { newContainerName } from './restore.ts';

export const startBody = z
  .object({
    /** Default: the only node that has joined. */
    node: nodeName.optional(),
    name: newContainerName,
    /** Runs over the host's root, read-only; only where the platform allows it. */
    command: z.array(z.string().min(1).max(32_768)).min(1).max(256).optional(),
    /** Directory of an OCI bundle on the node. */
    bundle: z.string().startsWith('/').max(4096).optional(),
    imagePath: imagePath.optional(),
    env: z
      .array(z.string().regex(/^[^=]+=/, 'is not NAME=value'))
      .max(256)
      .optional(),
    cwd: z.string().startsWith('/').max(4096).optional(),
    labels: labels.optional(),
    reason: reason.optional(),
    timeoutSeconds: timeoutSeconds.optional(),
  })
  .strict()
  .refine((body) => (body.command === undefined) !== (body.bundle === undefined), {
    message: 'give either command or bundle',
    path: ['command'],
  })
  .meta({ id: 'StartRequest' });

/** Body of a stop, a removal and a cancel; may be left out. */
export const whyBody = z
  .object({ reason: reason.optional(), timeoutSeconds: timeoutSeconds.optional() })
  .strict()
  .meta({ id: 'Why' });

export const containerStatus = z.enum(containerStatuses as [ContainerStatus, ...ContainerStatus[]]);

const shape = {
  id: z.string(),
  ledger: z.string(),
  node: z.string(),
  name: z.string(),
  status: containerStatus,
  generation: z.number().int(),
  run: z.string().exactOptional(),
  runtime: z.string().exactOptional(),
  root: z.string().exactOptional(),
  bundle: z.string().exactOptional(),
  startedAt: z.string().exactOptional(),
  labels: stringMap,
  origin: z
    .object({
      kind: z.enum(['start', 'restore']),
      request: z.string().exactOptional(),
      checkpoint: z.string().exactOptional(),
    })
    .exactOptional(),
  openRequests: z.array(z.object({ id: z.string(), verb: z.enum(['start', 'stop', 'remove']) })),
  lastFailure: z
    .object({ request: z.string(), reason: z.string(), message: z.string(), at: z.string() })
    .exactOptional(),
  deadline: z.string().exactOptional(),
  startedRun: z.string().exactOptional(),
  position: z.number().int(),
};

/** What a start, stop or removal is answered with. `request` is the id of the event that asks for it. */
export interface ContainerRequested extends ContainerView {
  readonly request: string;
}

/** A container in a list, with the newest checkpoint that a restore could use. */
export interface ContainerListed extends ContainerView {
  readonly lastReady: {
    readonly id: string;
    readonly capturedAt: string;
    readonly readyAt: string;
    readonly bytes: number | null;
    readonly runtime: string | null;
  } | null;
}

const lastReady = z
  .object({
    id: z.string(),
    capturedAt: z.string(),
    readyAt: z.string(),
    bytes: z.number().nullable(),
    runtime: z.string().nullable(),
  })
  .nullable();

export const containerListed: z.ZodType<ContainerListed> = z
  .object({ ...shape, lastReady })
  .meta({ id: 'ContainerListed' });
export const containerView: z.ZodType<ContainerView> = z.object(shape).meta({ id: 'Container' });
export const containerRequested: z.ZodType<ContainerRequested> = z
  .object({ ...shape, request: z.string() })
  .meta({ id: 'ContainerRequested' });
