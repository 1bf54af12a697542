import { isStasisError } from '@stasis/errors';
import { factBytes, type SignatureFault, type StasisEvent } from '@stasis/events';
import type { nodeKeyAt } from '@stasis/lifecycle';
import { isSignedBy } from '@stasis/proof';

/** What is wrong with the node's signature of an event; absent = nothing. */
export async function factFault(
  event: StasisEvent,
  keyOf: (keyId: string) => ReturnType<typeof nodeKeyAt>,
): Promise<SignatureFault | undefined> {
  const { nodekeyid, nodesignature } = event;
  if (nodekeyid === undefined || nodesignature === undefined) return 'Unsigned';
  const key = keyOf(nodekeyid);
  if (typeof key === 'string') return key;
  try {
    return (await isSignedBy(key, factBytes(event), nodesignature)) ? undefined : 'BadSignature';
  } catch (error) {
    if (isStasisError(error) && error.code === 'EventMalformed') return 'Malformed';
    throw error;
  }
}
