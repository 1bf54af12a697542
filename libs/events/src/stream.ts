import type { EventKey } from './catalogue.ts';

/** Ledgers: fleet work in `default` (or a tenant's own), nodes, tenants and sign-ins in `system`. */
export const defaultLedger = 'default';
export const systemLedger = 'system';

/** The stream an event belongs to: its noun and its subject. */
export const streamOf = (key: EventKey, subject: string): string => `${key.slice(0, key.indexOf('.'))}/${subject}`;
/** Nouns that belong to the platform as a whole and to no tenant's work. */
const systemNouns: ReadonlySet<string> = new Set([
  'node',
  'token',
  'subject',
  'access',
  'audit',
  'signature',
  'signingkey',
]);
export const ledgerOfNoun = (noun: string): string => (systemNouns.has(noun) ? systemLedger : defaultLedger);
export const ledgerOf = (key: EventKey): string => ledgerOfNoun(key.slice(0, key.indexOf('.')));
