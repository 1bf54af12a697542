import { type Action, actions } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { isEvent } from '@stasis/events';
import type { PostgresLedger } from '@stasis/ledger/postgres';
import { type Authenticate, createAuthenticate } from '../http/authenticate.ts';
import { recorder } from '../actor.ts';
import { createRateLimit, type RateLimit } from '../http/rateLimit.ts';
import type { Log } from '../log.ts';
import { type Recorded, recordEvents } from '../recordEvents.ts';
import type { Settings } from '../settings.ts';
import { loadPolicies, type Policies } from './loadPolicies.ts';
import { createProviderKeys } from './oidc/providerKeys.ts';
import { createSignIn } from './oidc/signIn.ts';
import { type Denials, recordDenials } from './recordDenials.ts';

/** Who may do what: tokens, policies, and the record of what was denied. */
export interface Access {
  readonly authenticate: Authenticate;
  readonly policies: Policies;
  readonly denials: Denials;
  /** Of each token. */
  readonly rate: RateLimit;
}

/** Records which policies are in force, when they are others than those of the last start. */
function recordPolicies(ledger: PostgresLedger, { id: digest, policyIds }: Policies): Promise<Recorded> {
  return recordEvents(ledger, {
    noun: 'access',
    subject: 'policies',
    actor: recorder,
    decide: (recorded) => {
      const last = recorded.at(-1)?.event;
      if (last !== undefined && isEvent(last, 'access.changed') && last.data.digest === digest) return [];
      return [{ key: 'access.changed', data: { digest, policies: [...policyIds] } }];
    },
  });
}

/** @throws StasisError ConfigInvalid when the policies are broken or do not know an action of this api. */
export async function openAccess(
  ledger: PostgresLedger,
  settings: Pick<Settings, 'policies' | 'requestsPerSecond' | 'oidc'>,
  log: Log,
  onRecorded: (recorded: Recorded) => void,
): Promise<Access> {
  const { policies: folder, requestsPerSecond, oidc } = settings;
  const policies = await loadPolicies(folder);
  const unknown = actions.find((action: Action) => !policies.actions.includes(action));
  if (unknown !== undefined)
    throw new StasisError('ConfigInvalid', `the schema in ${folder} does not know the action "${unknown}"`, {
      next: 'Add it to schema.cedarschema as the shipped one has it.',
    });
  onRecorded(await recordPolicies(ledger, policies));
  log.info({ policies: policies.id, folder }, 'the policies are read');
  return {
    policies,
    authenticate: createAuthenticate(
      ledger.database,
      oidc && createSignIn(ledger, oidc, createProviderKeys(oidc.issuer, log), onRecorded),
    ),
    denials: recordDenials(ledger, log, onRecorded),
    rate: createRateLimit(requestsPerSecond),
  };
}
