import { z } from 'zod';
import * as s from '../schemas/index.ts';
import { route } from './route.ts';

const ledgerQuery = z.object({ ledger: s.ledgerName.optional() });

const omit = <T extends object, K extends keyof T>(shape: T, names: readonly K[]): Omit<T, K> =>
  Object.fromEntries(Object.entries(shape).filter(([name]) => !names.includes(name as K))) as Omit<T, K>;

/** `signatures`: check the nodes' signatures too, which takes about 0.1 ms each. */
const verifyQuery = ledgerQuery.extend({ signatures: z.stringbool().optional() });

export const auditRoutes = {
  listEvents: route({
    method: 'GET',
    path: '/v1/audit/events',
    summary: 'Recorded events in order of position; asking is itself recorded',
    auth: true,
    action: 'audit.read',
    query: s.listQuery.extend({
      ...s.eventFilter,
      order: z.enum(['asc', 'desc']).default('asc'),
    }),
    status: 200,
    answer: s.auditPage,
  }),
  getEvent: route({
    method: 'GET',
    path: '/v1/audit/events/:id',
    summary: 'One recorded event',
    auth: true,
    action: 'audit.read',
    params: z.object({ id: s.anyId }),
    status: 200,
    answer: s.auditEvent,
  }),
  fleetAsOf: route({
    method: 'GET',
    path: '/v1/audit/as-of',
    summary: 'The fleet at an instant, as it was or as was known then; asking is itself recorded',
    auth: true,
    action: 'audit.read',
    query: s.listQuery.extend({
      /** The instant looked at; the same as validAt. */
      at: s.instant.optional(),
      ...s.momentQuery,
      node: s.nodeName.optional(),
      /** Bare name. */
      name: s.newContainerName.optional(),
      container: s.containerName.optional(),
      status: s.containerStatus.optional(),
    }),
    status: 200,
    answer: s.fleetAsOf,
  }),
  auditDiff: route({
    method: 'GET',
    path: '/v1/audit/diff',
    summary: 'What changed between two instants, by container, with who and why; asking is itself recorded',
    auth: true,
    action: 'audit.read',
    query: s.readQuery.extend({
      ...omit(s.eventFilter, ['since', 'until', 'by', 'after', 'upTo']),
      from: s.instant,
      to: s.instant,
    }),
    status: 200,
    answer: s.auditDiff,
  }),
  auditTrail: route({
    method: 'GET',
    path: '/v1/audit/trail',
    summary: 'The story of a container, a checkpoint or an actor across nodes; asking is itself recorded',
    auth: true,
    action: 'audit.read',
    query: s.readQuery.extend({
      /** A container's name, a checkpoint's id (ckp_) or an actor's (sub_). */
      of: s.containerName,
      limit: z.coerce.number().int().min(1).max(10_000).default(1000),
    }),
    status: 200,
    answer: s.auditTrail,
  }),
  /**
   * Every event that fits, oldest first, as CloudEvents (NDJSON) or CSV. The last line is the event that records the export
   * (`audit.exported`), with the digest of all before it: an answer without it is not whole. It is gone on with by
   * `cursor` = `<last position received>.<the header stasis-export-read>` and the same query.
   */
  exportEvents: route({
    method: 'GET',
    path: '/v1/audit/export',
    summary: 'All events that fit, streamed as NDJSON (CloudEvents) or CSV; exporting is itself recorded',
    auth: true,
    action: 'audit.read',
    query: s.readQuery.extend({
      ...s.eventFilter,
      format: z.enum(['ndjson', 'csv']).default('ndjson'),
      cursor: z.string().max(200).optional(),
    }),
    status: 200,
    contentType: 'application/x-ndjson',
    answer: z.string(),
  }),
  getProof: route({
    method: 'GET',
    path: '/v1/audit/proof',
    summary:
      'Proof that an event is in the ledger; waits at most 2 s for a tree head that holds it; as text/plain a C2SP tlog-proof',
    auth: true,
    action: 'audit.prove',
    query: z.object({ event: s.anyId }),
    status: 200,
    alsoAs: 'text/plain',
    answer: s.proof,
  }),
  getConsistency: route({
    method: 'GET',
    path: '/v1/audit/consistency',
    summary: 'Proof that a later tree only added to an earlier one',
    auth: true,
    action: 'audit.prove',
    query: ledgerQuery.extend({ from: z.coerce.number().int().min(0), to: z.coerce.number().int().min(0) }),
    status: 200,
    answer: s.consistency,
  }),
  verifyLedger: route({
    method: 'GET',
    path: '/v1/audit/verify',
    summary: 'Recompute every leaf, hash and index of a ledger',
    auth: true,
    action: 'audit.verify',
    query: verifyQuery,
    status: 200,
    answer: s.verification,
  }),
  verifyLedgerNow: route({
    method: 'POST',
    path: '/v1/ledger/verify',
    summary: 'The same as GET /v1/audit/verify',
    auth: true,
    action: 'audit.verify',
    query: verifyQuery,
    status: 200,
    answer: s.verification,
  }),
  rebuildLedger: route({
    method: 'POST',
    path: '/v1/ledger/rebuild',
    summary: 'Build the read models anew from the ledger',
    auth: true,
    action: 'ledger.rebuild',
    query: ledgerQuery,
    status: 200,
    answer: s.rebuilt,
  }),
  latestTreeHead: route({
    method: 'GET',
    path: '/v1/tree-heads/latest',
    summary: 'The newest signed tree head; as text/plain the note alone',
    auth: true,
    action: 'audit.prove',
    query: ledgerQuery,
    status: 200,
    alsoAs: 'text/plain',
    answer: s.treeHeadShown,
  }),
  listTreeHeads: route({
    method: 'GET',
    path: '/v1/tree-heads',
    summary: 'Signed tree heads larger than `after`, smallest first',
    auth: true,
    action: 'audit.prove',
    query: ledgerQuery.extend({
      /** Size of the last head that was seen: `next` of the page before. */
      after: z.coerce.number().int().min(-1).default(-1),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
    status: 200,
    answer: s.pageOf(s.treeHeadShown),
  }),
  cosignTreeHead: route({
    method: 'POST',
    path: '/v1/tree-heads/cosignatures',
    summary: 'Take the cosignature of a configured witness; the signature is what counts, so no token is asked for',
    auth: false,
    body: s.cosignatureGiven,
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
