import { ledgerOf, newId, parseEvent, typeOf, type EventData, type EventKey, type StasisEvent } from '@stasis/events';
import type { Identity } from './identity.ts';

export interface FactOptions {
  /** The request that led to it. */
  readonly request?: StasisEvent;
  /** ISO 8601; default now. */
  readonly time?: string;
}

export type FactMaker = <K extends EventKey>(
  key: K,
  subject: string,
  data: EventData<K>,
  options?: FactOptions,
) => StasisEvent;

/**
 * Makes facts as this agent tells them. The id is new each time: a fact is made once, journaled, and sent again from the
 * journal. @throws StasisError EventMalformed for data that the catalogue does not allow
 */
export const factMaker =
  (identity: Identity): FactMaker =>
  (key, subject, data, options = {}) =>
    parseEvent({
      specversion: '1.0',
      id: newId('evt'),
      type: typeOf(key),
      source: `/stasis/nodes/${identity.node}`,
      subject,
      time: options.time ?? new Date().toISOString(),
      datacontenttype: 'application/json',
      ledger: ledgerOf(key),
      authtype: 'system',
      authid: identity.authid,
      correlationid: correlationOf(subject, options.request),
      ...(options.request && { causationid: options.request.id }),
      ...(options.request?.traceparent && { traceparent: options.request.traceparent }),
      data,
    });

/** The resource the fact is about; a fact of another resource (a container's stop) still belongs to the request's. */
const correlationOf = (subject: string, request: StasisEvent | undefined): string =>
  (request?.correlationid ?? subject).slice(0, 64);
