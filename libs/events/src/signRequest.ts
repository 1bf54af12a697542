import { domainEventOf, type StasisEvent } from './envelope.ts';
import { requestBytes } from './signedContent.ts';

/** Clocks may differ by this much. */
const toleranceMs = 60 * 60_000;
/** What answers a request may reach a node that was off for as long as the topic keeps messages. */
const answerLifeMs = 7 * 24 * 60 * 60_000;

export interface RequestKey {
  readonly keyId: string;
  sign(bytes: Uint8Array): Promise<string>;
}

/**
 * The CloudEvents attributes of an event on `stasis.requests`: its own, which node it is for (`node`), until when it is good
 * (`expirytime`), and the api's signature over all of these and the data. The same event under the same key is always the
 * same message.
 */
export async function signRequest(
  event: StasisEvent,
  node: string,
  key: RequestKey,
): Promise<Readonly<Record<string, string>>> {
  const { data, datacontenttype: _, ...rest } = event;
  const own = Object.entries(rest).map(([name, value]) => [name, String(value)]);
  const attributes: Record<string, string> = {
    ...Object.fromEntries(own),
    node,
    expirytime: expiryOf(event),
    signaturekeyid: key.keyId,
  };
  return { ...attributes, signature: await key.sign(requestBytes(attributes, data)) };
}

function expiryOf(event: StasisEvent): string {
  const { data } = domainEventOf(event);
  const until =
    'deadline' in data
      ? Date.parse(data.deadline) + toleranceMs
      : Date.parse(event.recordedtime ?? event.time) + answerLifeMs;
  return new Date(until).toISOString();
}
