import { z } from 'zod';
import * as s from '../schemas/index.ts';
import { route } from './route.ts';

export const identityRoutes = {
  /** Takes no Idempotency-Key: an answer that is kept would keep the token. */
  inviteNode: route({
    method: 'POST',
    path: '/v1/nodes/enrolment-tokens',
    summary: 'Make a one-time token by which a node enrols; this answer is the only one that holds it',
    auth: true,
    action: 'node.invite',
    body: s.invitationBody,
    status: 200,
    answer: s.invitation,
  }),
  enrolNode: route({
    method: 'POST',
    path: '/v1/nodes/enrol',
    summary: 'Give the public key of a node, with its one-time token instead of a bearer token',
    auth: false,
    body: s.enrolBody,
    status: 200,
    answer: s.enrolled,
  }),
  rekeyNode: route({
    method: 'POST',
    path: '/v1/nodes/rekey',
    summary: 'Give the next public key of a node, signed by the key it has',
    auth: false,
    body: s.rekeyBody,
    status: 200,
    answer: s.rekeyed,
  }),
  listSigningKeys: route({
    method: 'GET',
    path: '/v1/signing-keys',
    summary: 'The keys that requests to nodes are signed with, oldest first',
    auth: false,
    status: 200,
    answer: s.signingKeys,
  }),
  rotateSigningKey: route({
    method: 'POST',
    path: '/v1/signing-keys',
    summary: 'Make the next signing key; it is used once every node has been told',
    auth: true,
    action: 'signingkey.rotate',
    status: 200,
    answer: s.signingKeys,
  }),
  retireSigningKey: route({
    method: 'POST',
    path: '/v1/signing-keys/:keyId/retire',
    summary: 'Tell every node to believe a signing key no longer; what it signed stays checkable',
    auth: true,
    action: 'signingkey.retire',
    params: z.object({ keyId: s.signingKeyId }),
    status: 200,
    answer: s.signingKeys,
  }),
} as const;
