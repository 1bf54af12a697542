import { restorePhases } from '@stasis/lifecycle';
import { z } from 'zod';
import * as s from '../schemas/index.ts';
import { route } from './route.ts';

const id = z.object({ id: s.anyId });

export const restoreRoutes = {
  requestRestore: route({
    method: 'POST',
    path: '/v1/restores',
    summary: 'Ask for a container to be restored from a checkpoint',
    auth: true,
    action: 'restore.request',
    idempotent: true,
    body: s.restoreBody,
    status: 202,
    answer: s.restoreView,
  }),
  listRestores: route({
    method: 'GET',
    path: '/v1/restores',
    summary: 'Restores, newest first',
    auth: true,
    action: 'restore.read',
    query: s.listQuery.extend({
      checkpoint: s.anyId.optional(),
      container: s.containerName.optional(),
      node: s.nodeName.optional(),
      phase: z.enum(restorePhases).optional(),
    }),
    status: 200,
    answer: s.pageOf(s.restoreView),
  }),
  getRestore: route({
    method: 'GET',
    path: '/v1/restores/:id',
    summary: 'One restore with its conditions and its timeline',
    auth: true,
    action: 'restore.read',
    params: id,
    query: s.readQuery,
    status: 200,
    answer: s.restoreDetail,
  }),
  cancelRestore: route({
    method: 'POST',
    path: '/v1/restores/:id/cancel',
    summary: 'Cancel a restore that the node has not begun',
    auth: true,
    action: 'restore.cancel',
    idempotent: true,
    params: id,
    body: s.whyBody,
    bodyOptional: true,
    status: 200,
    answer: s.restoreView,
  }),
} as const;
