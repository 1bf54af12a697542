import { checkpointPhases } from '@stasis/lifecycle';
import { z } from 'zod';
import * as s from '../schemas/index.ts';
import { route } from './route.ts';

const id = z.object({ id: s.anyId });

export const checkpointRoutes = {
  requestCheckpoint: route({
    method: 'POST',
    path: '/v1/checkpoints',
    summary: 'Ask for a checkpoint of a container',
    auth: true,
    action: 'checkpoint.request',
    idempotent: true,
    body: s.checkpointBody,
    status: 202,
    answer: s.checkpointView,
  }),
  listCheckpoints: route({
    method: 'GET',
    path: '/v1/checkpoints',
    summary: 'Checkpoints, newest first',
    auth: true,
    action: 'checkpoint.read',
    query: s.listQuery.extend({
      ...s.momentQuery,
      container: s.containerName.optional(),
      node: s.nodeName.optional(),
      phase: z.enum(checkpointPhases).optional(),
    }),
    status: 200,
    answer: s.pageOf(s.checkpointView),
  }),
  getCheckpoint: route({
    method: 'GET',
    path: '/v1/checkpoints/:id',
    summary: 'One checkpoint with its conditions and its timeline',
    auth: true,
    action: 'checkpoint.read',
    params: id,
    query: s.readQuery,
    status: 200,
    answer: s.checkpointDetail,
  }),
  cancelCheckpoint: route({
    method: 'POST',
    path: '/v1/checkpoints/:id/cancel',
    summary: 'Cancel a checkpoint whose capture has not begun',
    auth: true,
    action: 'checkpoint.cancel',
    idempotent: true,
    params: id,
    body: s.whyBody,
    bodyOptional: true,
    status: 200,
    answer: s.checkpointView,
  }),
  getCompatibility: route({
    method: 'GET',
    path: '/v1/checkpoints/:id/compatibility',
    summary: 'Whether a restore on a node could work, as far as can be told without trying',
    auth: true,
    action: 'checkpoint.read',
    params: id,
    query: s.readQuery.extend({ node: s.nodeName.optional(), name: s.newContainerName.optional() }),
    status: 200,
    answer: s.compatibility,
  }),
} as const;
