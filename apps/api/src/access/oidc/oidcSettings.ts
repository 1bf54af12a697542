import { type Role, roles } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';

/** Which identity provider is believed, and what its people and machines may do. */
export interface OidcSettings {
  /** As the provider writes it (`iss`); its configuration is at `<issuer>/.well-known/openid-configuration`. */
  readonly issuer: string;
  /** What a token must be meant for (`aud`). */
  readonly audience: string;
  /** The first that holds gives the role. */
  readonly roles: readonly ClaimRule[];
}

/** Whoever has this value in this claim has this role. */
export interface ClaimRule {
  readonly claim: string;
  readonly value: string;
  readonly role: Role;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Absent when no issuer is set. @throws StasisError ConfigInvalid naming the setting that is missing or wrong. */
export function readOidcSettings(env: Environment): OidcSettings | undefined {
  const { STASIS_OIDC_ISSUER: issuer, STASIS_OIDC_AUDIENCE: audience, STASIS_OIDC_ROLES: mapping } = env;
  if (!issuer && !audience && !mapping) return undefined;
  if (!issuer || !audience || !mapping)
    throw invalid(
      'STASIS_OIDC_ISSUER, STASIS_OIDC_AUDIENCE and STASIS_OIDC_ROLES are not all set',
      'Set all, or none.',
    );
  requireSafe(issuer);
  return { issuer, audience, roles: mapping.split(',').map((text) => readRule(text.trim())) };
}

/** Whoever can change what the issuer answers can sign in as anybody. */
function requireSafe(issuer: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined;
  const isLoopback = url !== undefined && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname);
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) return;
  throw invalid(`STASIS_OIDC_ISSUER is "${issuer}", not an https:// URL`, 'Set it to what the provider writes as iss.');
}

/** `claim:value=role`; the last colon before the last `=` parts claim and value, so that a claim may be a URL. */
function readRule(text: string): ClaimRule {
  const [, claim, value, name] = /^(.+):([^:]+)=([a-z]+)$/.exec(text) ?? [];
  const role = roles.find((one) => one === name);
  if (claim === undefined || value === undefined || role === undefined)
    throw invalid(
      `STASIS_OIDC_ROLES holds "${text}", not <claim>:<value>=<role>`,
      `Set it to, for instance, groups:ops=operator; roles are ${roles.join(', ')}.`,
    );
  return { claim, value, role };
}

const invalid = (message: string, next: string): StasisError => new StasisError('ConfigInvalid', message, { next });
