import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { type Action, roles } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import type { Policies } from './loadPolicies.ts';

/** Who asks, as policies see it. */
export interface Principal {
  /** `sub_…`. */
  readonly id: string;
  readonly role: string;
  /** The only nodes that it may act on; empty = all. */
  readonly nodes: readonly string[];
}

/** Who sent a request, by what they showed. */
export interface Caller extends Principal {
  /** When what was shown ends; null = never. */
  readonly expires: Date | null;
}

type Attributes = Readonly<Record<string, string | readonly string[]>>;

/** What is asked about, in the words of schema.cedarschema. `id` is one that is known here, never only what was asked for. */
export interface Resource {
  readonly kind: 'Platform' | 'Ledger' | 'Node' | 'Container' | 'Checkpoint' | 'Restore' | 'Token';
  readonly id: string;
  readonly attributes?: Attributes;
}

export interface Question {
  readonly principal: Principal;
  readonly action: Action;
  readonly resource: Resource;
  readonly how: { readonly node?: string; readonly name?: string; readonly past: boolean };
}

export type Decision =
  | { readonly allowed: true; readonly policies: readonly string[] }
  /** Forbidden by these policies. */
  | { readonly allowed: false; readonly code: 'PolicyDenied'; readonly policies: readonly string[] }
  /** No policy permits it to this role. */
  | { readonly allowed: false; readonly code: 'NotAuthorised' };

/** Pure. @throws StasisError Internal when Cedar cannot decide: then nothing is allowed. */
export function decide(policies: Policies, question: Question): Decision {
  const { decision, reason } = ask(policies, question);
  if (decision === 'allow') return { allowed: true, policies: reason };
  if (reason.length > 0) return { allowed: false, code: 'PolicyDenied', policies: reason };
  return { allowed: false, code: 'NotAuthorised' };
}

/** Which roles would be allowed the same, and by which policies: what to tell who is not. */
export function whoMay(policies: Policies, question: Question): { policies: string[]; roles: string[] } {
  const others = roles.map((role) => ({
    role,
    ...ask(policies, { ...question, principal: { ...question.principal, role } }),
  }));
  const able = others.filter((other) => other.decision === 'allow');
  return {
    policies: [...new Set(able.flatMap((other) => other.reason))].toSorted(),
    roles: able.map(({ role }) => role),
  };
}

function ask(
  { id: loaded }: Policies,
  { principal, action, resource, how }: Question,
): { decision: cedar.Decision; reason: string[] } {
  const who = uid('Token', principal.id);
  const what = uid(resource.kind, resource.id);
  const role = uid('Role', principal.role);
  const { nodes } = principal;
  const entities: cedar.EntityJson[] = [
    {
      uid: who,
      attrs: { role: principal.role, ...(nodes.length > 0 && { nodes: [...nodes] }) },
      parents: [role],
    },
  ];
  if (resource.attributes !== undefined)
    entities.push({ uid: what, attrs: { ...resource.attributes } as cedar.EntityJson['attrs'], parents: [] });
  const answer = cedar.statefulIsAuthorized({
    principal: who,
    action: uid('Action', action),
    resource: what,
    context: { ...how },
    preparsedSchemaName: loaded,
    preparsedPolicySetId: loaded,
    validateRequest: true,
    entities,
  });
  if (answer.type === 'failure') throw undecided(action, answer.errors);
  const { decision, diagnostics } = answer.response;
  // A policy that breaks off is left out by Cedar; if it forbids, leaving it out would allow.
  if (diagnostics.errors.length > 0)
    throw undecided(
      action,
      diagnostics.errors.map(({ error }) => error),
    );
  return { decision, reason: diagnostics.reason.toSorted() };
}

const uid = (type: string, id: string): cedar.TypeAndId => ({ type: `Stasis::${type}`, id });

const undecided = (action: string, errors: readonly cedar.DetailedError[]): StasisError =>
  new StasisError('Internal', `no decision about ${action}: ${errors.map(({ message }) => message).join('; ')}`);
