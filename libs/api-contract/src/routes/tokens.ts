import { z } from 'zod';
import * as s from '../schemas/index.ts';
import { route } from './route.ts';

export const tokenRoutes = {
  /** Takes no Idempotency-Key: an answer that is kept would keep the secret. */
  createToken: route({
    method: 'POST',
    path: '/v1/tokens',
    summary: 'Make a token; this answer is the only one that holds it',
    auth: true,
    action: 'token.create',
    body: s.tokenBody,
    status: 200,
    answer: s.tokenMade,
  }),
  listTokens: route({
    method: 'GET',
    path: '/v1/tokens',
    summary: 'Tokens, oldest first, with those that have expired or were revoked',
    auth: true,
    action: 'token.read',
    query: s.readQuery,
    status: 200,
    answer: s.pageOf(s.tokenView),
  }),
  revokeToken: route({
    method: 'POST',
    path: '/v1/tokens/:id/revoke',
    summary: 'Revoke a token; doing it twice is doing it once',
    auth: true,
    action: 'token.revoke',
    params: z.object({ id: s.anyId }),
    body: s.revokeBody,
    bodyOptional: true,
    status: 200,
    answer: s.tokenView,
  }),
  whoami: route({
    method: 'GET',
    path: '/v1/whoami',
    summary: 'The token that asks, and what it may do',
    auth: true,
    action: 'token.whoami',
    status: 200,
    answer: s.whoami,
  }),
} as const;
