/**
 * What a caller may be allowed to do: one action a verb of the api. Each route that asks for a token names one, and the
 * policies of the api (apps/api/policies) speak of these and of no others.
 */
export const actions = [
  'container.read',
  'container.start',
  'container.stop',
  'container.remove',
  'checkpoint.read',
  'checkpoint.request',
  'checkpoint.cancel',
  'restore.read',
  'restore.request',
  'restore.cancel',
  'node.read',
  'node.report',
  'node.invite',
  'signingkey.rotate',
  'signingkey.retire',
  'events.follow',
  'audit.read',
  'audit.prove',
  'audit.verify',
  'ledger.rebuild',
  'token.create',
  'token.read',
  'token.revoke',
  'token.whoami',
] as const;

export type Action = (typeof actions)[number];
