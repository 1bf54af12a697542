import { z } from 'zod';
import * as s from '../schemas/index.ts';
import { route } from './route.ts';

const ledgerQuery = z.object({ ledger: s.ledgerName.optional() });

export const auditRoutes = {
  listEvents: route({
    method: 'GET',
    path: '/v1/audit/events',
    summary: 'Recorded events in order of position',
    auth: true,
    query: s.listQuery.extend({
      checkpoint: s.anyId.optional(),
      restore: s.anyId.optional(),
      container: s.containerName.optional(),
      node: s.nodeName.optional(),
      /** A whole type (`dev.stasis.checkpoint.ready.v1`) or its short form (`checkpoint.ready`). */
      type: z.string().max(100).optional(),
      order: z.enum(['asc', 'desc']).default('asc'),
    }),
    status: 200,
    answer: s.pageOf(s.auditEvent),
  }),
  getEvent: route({
    method: 'GET',
    path: '/v1/audit/events/:id',
    summary: 'One recorded event',
    auth: true,
    params: z.object({ id: s.anyId }),
    status: 200,
    answer: s.auditEvent,
  }),
  getProof: route({
    method: 'GET',
    path: '/v1/audit/proof',
    summary: 'Proof that an event is in the ledger; waits at most 2 s for a tree head that holds it',
    auth: true,
    query: z.object({ event: s.anyId }),
    status: 200,
    answer: s.proof,
  }),
  getConsistency: route({
    method: 'GET',
    path: '/v1/audit/consistency',
    summary: 'Proof that a later tree only added to an earlier one',
    auth: true,
    query: ledgerQuery.extend({ from: z.coerce.number().int().min(0), to: z.coerce.number().int().min(0) }),
    status: 200,
    answer: s.consistency,
  }),
  verifyLedger: route({
    method: 'GET',
    path: '/v1/audit/verify',
    summary: 'Recompute every leaf, hash and index of a ledger',
    auth: true,
    query: ledgerQuery,
    status: 200,
    answer: s.verification,
  }),
  verifyLedgerNow: route({
    method: 'POST',
    path: '/v1/ledger/verify',
    summary: 'The same as GET /v1/audit/verify',
    auth: true,
    query: ledgerQuery,
    status: 200,
    answer: s.verification,
  }),
  rebuildLedger: route({
    method: 'POST',
    path: '/v1/ledger/rebuild',
    summary: 'Build the read models anew from the ledger',
    auth: true,
    query: ledgerQuery,
    status: 200,
    answer: s.rebuilt,
  }),
  latestTreeHead: route({
    method: 'GET',
    path: '/v1/tree-heads/latest',
    summary: 'The newest signed tree head; as text/plain the note alone',
    auth: true,
    query: ledgerQuery,
    status: 200,
    answer: s.treeHeadShown,
  }),
  treeHeadKey: route({
    method: 'GET',
    path: '/v1/tree-heads/key',
    summary: 'The key that tree heads are verified with, as C2SP text',
    auth: false,
    query: ledgerQuery,
    status: 200,
    contentType: 'text/plain',
    answer: z.string(),
  }),
} as const;
