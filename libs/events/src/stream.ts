import type { EventKey } from './catalogue.ts';

/** Ledgers: fleet work in `default` (or a tenant's own), nodes, tenants and sign-ins in `system`. */
export const defaultLedger = 'default';
export const systemLedger = 'system';

/** The stream an event belongs to: its noun and its subject. */
export const streamOf = (key: EventKey, subject: string): string => `${key.slice(0, key.indexOf('.'))}/${subject}`;
export const ledgerOf = (key: EventKey): string => (key.startsWith('node.') ? systemLedger : defaultLedger);
