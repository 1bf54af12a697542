import type { Action } from '@stasis/api-contract';
import { isStasisError, StasisError } from '@stasis/errors';
import type { EventData } from '@stasis/events';
import type { Actor } from '../actor.ts';
import type { Platform } from '../platform.ts';
import { type Asked, aboutWhat } from './aboutWhat.ts';
import { decide, type Principal, type Question, type Resource, whoMay } from './decide.ts';

export interface Authorised {
  readonly actor: Actor;
  readonly resource: Resource;
}

/**
 * Lets a request pass or refuses it, by the policies. A refusal is recorded as `access.denied`, under the request's id.
 * @returns who acts, with the policies that allowed it.
 * @throws StasisError NotAuthorised with the roles that it takes; PolicyDenied with the policy that forbids it.
 */
export async function authorise(
  platform: Platform,
  principal: Principal,
  action: Action,
  asked: Asked,
  requestId: string,
): Promise<Authorised> {
  const { resource, how } = await aboutWhat(platform.ledger.database, action, asked);
  const question = { principal, action, resource, how };
  const { policies } = platform.access;
  const decision = decide(policies, question);
  if (decision.allowed)
    return { actor: { authtype: 'user', authid: principal.id, policyid: decision.policies.join(',') }, resource };
  const denied =
    decision.code === 'PolicyDenied'
      ? forbidden(platform, question, decision.policies)
      : notPermitted(platform, question);
  await recordDenied(platform, principal, requestId, {
    action,
    resource: known(resource),
    code: decision.code,
    policies: denied.details.filter(({ field }) => field === 'policy').map(({ message }) => message),
  });
  throw denied;
}

/** Records a refusal that a use case decided itself, if it is one. What it threw goes on to the caller. */
export async function recordIfDenied(
  platform: Platform,
  { actor, resource }: Authorised,
  action: Action,
  error: unknown,
  requestId: string,
): Promise<void> {
  if (!isStasisError(error) || (error.code !== 'PolicyDenied' && error.code !== 'NotAuthorised')) return;
  const denied = { action, resource: known(resource), code: error.code, policies: [] };
  await recordDenied(platform, { id: actor.authid }, requestId, denied);
}

type What = Omit<EventData<'access.denied'>, 'unreported'>;

async function recordDenied(platform: Platform, who: { id: string }, requestId: string, what: What): Promise<void> {
  platform.metrics.denied(what.code, what.action);
  await platform.access.denials.record({ actor: { authtype: 'user', authid: who.id }, requestId, what });
}

/** Records that a request showed no valid token. Of what was shown, nothing is kept. */
export async function recordUnauthenticated(platform: Platform, action: Action, requestId: string): Promise<void> {
  const code = 'Unauthenticated';
  platform.metrics.denied(code, action);
  await platform.access.denials.record({
    actor: { authtype: 'unauthenticated', authid: 'unauthenticated' },
    requestId,
    what: { action, resource: { kind: 'Platform' }, code, policies: [] },
  });
}

const known = ({ kind, id }: Resource): What['resource'] => (kind === 'Platform' ? { kind } : { kind, id });

function forbidden({ access }: Platform, { action }: Question, policies: readonly string[]): StasisError {
  const says = policies.map((policy) => access.policies.says.get(policy)).filter((text) => text !== undefined);
  return new StasisError('PolicyDenied', `${action} is forbidden by policy ${policies.join(', ')}`, {
    details: detailsOf(action, policies),
    ...(says.length > 0 && { next: says.join(' ') }),
  });
}

function notPermitted({ access }: Platform, question: Question): StasisError {
  const { principal, action } = question;
  const { roles, policies } = whoMay(access.policies, question);
  return new StasisError('NotAuthorised', `a token with the role ${principal.role} does not allow ${action}`, {
    details: detailsOf(action, policies),
    next: roles.length === 0 ? 'No role may do this here.' : `It takes a token with the role ${roles.join(' or ')}.`,
  });
}

const detailsOf = (action: Action, policies: readonly string[]): { field: string; message: string }[] => [
  { field: 'action', message: action },
  ...policies.map((message) => ({ field: 'policy', message })),
];
