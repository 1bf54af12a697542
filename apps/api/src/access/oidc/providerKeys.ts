import { messageOf, StasisError } from '@stasis/errors';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import type { Log } from '../../log.ts';

/** How the keys of a provider are kept, in milliseconds. */
export interface KeyTimes {
  /** Keys older than this are asked for again; meanwhile they go on. */
  readonly freshMs: number;
  /** Keys that could not be renewed for this long are believed no longer. */
  readonly longestMs: number;
  /** From one request to the provider to the next, whatever came of it: unknown key ids cost no more. */
  readonly pauseMs: number;
  readonly timeoutMs: number;
}

const usual: KeyTimes = { freshMs: 10 * 60_000, longestMs: 24 * 60 * 60_000, pauseMs: 10_000, timeoutMs: 5000 };

const configuration = z.object({ issuer: z.string(), jwks_uri: z.url() });

/**
 * The public keys of a provider, found by its configuration (OpenID Connect Discovery 1.0, section 4) and kept. A key id that
 * is not known has them fetched again, one fetch at a time. While the provider is away those that are known go on.
 * @returns what `jwtVerify` takes; it throws SignInUnavailable when there are no keys at all.
 */
export function createProviderKeys(issuer: string, log: Log, times: KeyTimes = usual): JWTVerifyGetKey {
  let known: { readonly find: ReturnType<typeof createLocalJWKSet>; readonly at: number } | undefined;
  let asked = -Infinity;
  let asking: Promise<void> | undefined;

  const ask = async (): Promise<void> => {
    asked = Date.now();
    try {
      known = { find: createLocalJWKSet(await fetchKeys(issuer, times.timeoutMs)), at: Date.now() };
    } catch (error) {
      log.warn({ err: error, issuer }, 'the keys of the identity provider could not be fetched');
    }
  };
  const refresh = (): Promise<void> => {
    if (asking === undefined && Date.now() - asked < times.pauseMs) return Promise.resolve();
    return (asking ??= ask().finally(() => (asking = undefined)));
  };
  const current = (): NonNullable<typeof known>['find'] => {
    if (known !== undefined && Date.now() - known.at < times.longestMs) return known.find;
    throw new StasisError('SignInUnavailable', `the keys of ${issuer} are not known: it does not answer`, {
      next: 'Try again, or use a token of this api.',
    });
  };

  return async (header, token) => {
    if (known === undefined) await refresh();
    else if (Date.now() - known.at > times.freshMs) void refresh();
    try {
      return await current()(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh();
      return current()(header, token);
    }
  };
}

async function fetchKeys(issuer: string, timeoutMs: number): Promise<JSONWebKeySet> {
  const signal = AbortSignal.timeout(timeoutMs);
  const found = configuration.parse(
    await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, signal),
  );
  if (found.issuer !== issuer) throw new Error(`it calls itself ${found.issuer}, not ${issuer}`);
  if (new URL(found.jwks_uri).protocol !== new URL(issuer).protocol)
    throw new Error(`its keys are at ${found.jwks_uri}`);
  return (await fetchJson(found.jwks_uri, signal)) as JSONWebKeySet;
}

async function fetchJson(url: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { signal, redirect: 'error', headers: { accept: 'application/json' } }).catch(
    (error: unknown) => {
      throw new Error(`${url}: ${messageOf(error)}`, { cause: error });
    },
  );
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}
