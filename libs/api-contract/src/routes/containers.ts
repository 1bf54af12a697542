import { containerStatuses, type ContainerStatus } from '@stasis/container';
import { z } from 'zod';
import * as s from '../schemas/index.ts';
import { route } from './route.ts';

const ref = z.object({ node: s.nodeName, id: s.newContainerName });

export const containerRoutes = {
  requestStart: route({
    method: 'POST',
    path: '/v1/containers',
    summary: 'Ask for a container to be started from a bundle or a command',
    auth: true,
    action: 'container.start',
    idempotent: true,
    body: s.startBody,
    status: 202,
    answer: s.containerRequested,
  }),
  listContainers: route({
    method: 'GET',
    path: '/v1/containers',
    summary: 'Containers of the fleet; without ?status or ?all those that are gone are left out of each page',
    auth: true,
    action: 'container.read',
    query: s.listQuery.extend({
      node: s.nodeName.optional(),
      /** Bare name. */
      name: s.newContainerName.optional(),
      status: z.enum(containerStatuses as [ContainerStatus, ...ContainerStatus[]]).optional(),
      /** Those that are gone, too. */
      all: z.stringbool().optional(),
    }),
    status: 200,
    answer: s.pageOf(s.containerView),
  }),
  getContainer: route({
    method: 'GET',
    path: '/v1/containers/:node/:id',
    summary: 'One container',
    auth: true,
    action: 'container.read',
    params: ref,
    query: s.readQuery,
    status: 200,
    answer: s.containerView,
  }),
  requestStop: route({
    method: 'POST',
    path: '/v1/containers/:node/:id/stop',
    summary: 'Ask for a container to be stopped',
    auth: true,
    action: 'container.stop',
    idempotent: true,
    params: ref,
    body: s.whyBody,
    bodyOptional: true,
    status: 202,
    answer: s.containerRequested,
  }),
  requestRemove: route({
    method: 'DELETE',
    path: '/v1/containers/:node/:id',
    summary: 'Ask for a container to be removed, stopping it where needed',
    auth: true,
    action: 'container.remove',
    idempotent: true,
    params: ref,
    body: s.whyBody,
    bodyOptional: true,
    status: 202,
    answer: s.containerRequested,
  }),
  listNodes: route({
    method: 'GET',
    path: '/v1/nodes',
    summary: 'Nodes with their agents',
    auth: true,
    action: 'node.read',
    query: s.listQuery,
    status: 200,
    answer: s.pageOf(s.nodeShown),
  }),
  getNode: route({
    method: 'GET',
    path: '/v1/nodes/:node',
    summary: 'One node',
    auth: true,
    action: 'node.read',
    params: z.object({ node: s.nodeName }),
    query: s.readQuery,
    status: 200,
    answer: s.nodeShown,
  }),
} as const;
