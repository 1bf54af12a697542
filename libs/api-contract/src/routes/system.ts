import { z } from 'zod';
import * as s from '../schemas/index.ts';
import { route } from './route.ts';

export const systemRoutes = {
  /**
   * Server-sent events: `id: <ledger>/<position>`, `event: <type>`, `data: <AuditEvent as JSON>`. Resumes after
   * `Last-Event-ID` or `?after=`; without either it begins with what comes from now on.
   */
  streamEvents: route({
    method: 'GET',
    path: '/v1/events',
    summary: 'Recorded events as they come (server-sent events, resumable)',
    auth: true,
    action: 'events.follow',
    query: z.object({
      ledger: s.ledgerName.optional(),
      after: s.waitFor.optional(),
      /** Only events of this resource: a checkpoint id, a restore id, `<node>/<name>` or a node. */
      subject: z.string().max(256).optional(),
    }),
    status: 200,
    contentType: 'text/event-stream',
    answer: z.string(),
  }),
  health: route({
    method: 'GET',
    path: '/healthz',
    summary: 'The process answers',
    auth: false,
    status: 200,
    answer: z.object({ status: z.literal('ok') }),
  }),
  ready: route({
    method: 'GET',
    path: '/readyz',
    summary: 'Whether every part is up, and which is not',
    auth: false,
    status: 200,
    alsoStatus: 503,
    answer: s.readiness,
  }),
  metrics: route({
    method: 'GET',
    path: '/metrics',
    summary: 'Prometheus metrics',
    auth: false,
    status: 200,
    contentType: 'text/plain',
    answer: z.string(),
  }),
} as const;
