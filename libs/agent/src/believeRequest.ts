import { fromMessage, type DeliveredMessage } from '@stasis/bus';
import { isStasisError } from '@stasis/errors';
import { envelope, keyOf, parseEvent, requestBytes, type SignatureFault, type StasisEvent } from '@stasis/events';
import { isForEveryNode, nodeToTell } from '@stasis/lifecycle';
import { isSignedBy, type PublicKey } from '@stasis/proof';

/** A message of stasis.requests that a trusted key signed for this node and that is still good. */
export interface BelievedRequest {
  readonly event: StasisEvent;
  /** ISO 8601; it is worth nothing afterwards. */
  readonly expires: string;
}

export interface Disbelieved {
  readonly fault: SignatureFault;
  /** What the message says it is, as far as that can be told. */
  readonly claims: { readonly type?: string; readonly id?: string; readonly keyId?: string };
}

/**
 * Checks everything about a request that its signature covers: the key, the node, the verb, the expiry, the data. Whether
 * the id was seen before is for the journal to say.
 * @param now milliseconds since 1970
 */
export async function believeRequest(
  message: Pick<DeliveredMessage, 'headers' | 'value'>,
  node: string,
  keyOfId: (keyId: string) => PublicKey | undefined,
  now: number,
): Promise<BelievedRequest | Disbelieved> {
  const content = contentOf(message);
  if (content === undefined) return { fault: 'Malformed', claims: {} };
  const { attributes, data } = content;
  const { signature, signaturekeyid, expirytime = '' } = attributes;
  const claims = claimsOf(attributes);
  const no = (fault: SignatureFault): Disbelieved => ({ fault, claims });
  if (signature === undefined || signaturekeyid === undefined) return no('Unsigned');
  const key = keyOfId(signaturekeyid);
  if (key === undefined) return no('UnknownKey');
  const bytes = orMalformed(() => requestBytes(attributes, data));
  if (bytes === undefined) return no('Malformed');
  if (!(await isSignedBy(key, bytes, signature))) return no('BadSignature');
  if (attributes['node'] !== node) return no('WrongNode');
  if (!(Date.parse(expirytime) > now)) return no('Expired');
  const event = eventOf(attributes, data);
  if (event === undefined) return no('Malformed');
  if (isForEveryNode(event)) return { event, expires: expirytime };
  const told = nodeToTell(event);
  if (told === undefined) return no('WrongVerb');
  return told === node ? { event, expires: expirytime } : no('WrongNode');
}

type Content = ReturnType<typeof fromMessage>;

function contentOf(message: Pick<DeliveredMessage, 'headers' | 'value'>): Content | undefined {
  try {
    return fromMessage(message);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function eventOf(attributes: Content['attributes'], data: unknown): StasisEvent | undefined {
  const known = Object.entries(attributes).filter(([name]) => Object.hasOwn(envelope.shape, name));
  return orMalformed(() => parseEvent({ datacontenttype: 'application/json', ...Object.fromEntries(known), data }));
}

/** Absent for what is no event of ours. */
function orMalformed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isStasisError(error) && error.code === 'EventMalformed') return undefined;
    throw error;
  }
}

/** Only what has the form that it must have is repeated. */
function claimsOf({ type = '', id = '', signaturekeyid = '' }: Content['attributes']): Disbelieved['claims'] {
  return {
    ...(keyOf(type) !== undefined && { type }),
    ...(/^evt_[0-9a-z]{26}$/.test(id) && { id }),
    ...(/^[0-9a-f]{32}$/.test(signaturekeyid) && { keyId: signaturekeyid }),
  };
}
