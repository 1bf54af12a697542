import type { Action } from '@stasis/api-contract';
import { isStasisError, StasisError } from '@stasis/errors';
import type { EventData } from '@stasis/events';
import type { Actor } from '../actor.ts';
import type { Platform } from '../platform.ts';
import { type Asked, aboutWhat } from './aboutWhat.ts';
import { type Decision, decide, type Principal, type Resource } from './decide.ts';

type Denied = Extract<Decision, { allowed: false }>;

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
  const decision = decide(platform.access.policies, { principal, action, resource, how });
  const actor: Actor = { authtype: 'user', authid: principal.id, policyid: decision.policies.join(',') };
  if (decision.allowed) return { actor, resource };
  await recordDenied(platform, principal, requestId, {
    action,
    resource: known(resource),
    code: decision.code,
    policies: [...decision.policies],
  });
  throw denialOf(platform, principal, action, decision);
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

function denialOf({ access }: Platform, { role }: Principal, action: Action, denied: Denied): StasisError {
  const details = [
    { field: 'action', message: action },
    ...denied.policies.map((policy) => ({ field: 'policy', message: policy })),
  ];
  if (denied.code === 'PolicyDenied') {
    const says = denied.policies.map((policy) => access.policies.says.get(policy)).filter((text) => text !== undefined);
    return new StasisError('PolicyDenied', `${action} is forbidden by policy ${denied.policies.join(', ')}`, {
      details,
      ...(says.length > 0 && { next: says.join(' ') }),
    });
  }
  const next =
    denied.roles.length === 0
      ? 'No role may do this here.'
      : `It takes a token with the role ${denied.roles.join(' or ')}.`;
  return new StasisError('NotAuthorised', `a token with the role ${role} does not allow ${action}`, { details, next });
}
