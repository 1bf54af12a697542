import { type AnswerOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { type DomainEvent, keyStatementBytes } from '@stasis/events';
import type { Ledger } from '@stasis/ledger';
import { recorder } from '../actor.ts';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { recordEvents } from '../recordEvents.ts';
import { record } from '../recordRequest.ts';
import { addKey, loadKeys } from './keyFile.ts';
import { publishedKeys, readPublishedKeys, signingKeySubject } from './publishedKeys.ts';
import { strange } from './requestSigner.ts';

const rotate = routes.rotateSigningKey;
const retire = routes.retireSigningKey;
const about = { noun: 'signingkey', subject: signingKeySubject } as const;

/** GET /v1/signing-keys, POST /v1/signing-keys and POST /v1/signing-keys/:keyId/retire. */
export const signingKeys = (platform: Platform): Implemented[] => [
  implement(routes.listSigningKeys, () => shown(platform)),
  implement(rotate, (call) => next(platform, call)),
  implement(retire, (call) => end(platform, call)),
];

/**
 * Publishes the first key of a fleet; one that is published already is left as it is. Idempotent.
 * @throws StasisError ConfigInvalid when the ledger knows keys and the file has none of them
 */
export async function publishFirstKey(ledger: Ledger, file: string): Promise<void> {
  const held = await loadKeys(file);
  const [first] = held;
  if (first === undefined) throw strange(file);
  const { keyId, publicKey } = first;
  await recordEvents(ledger, {
    ...about,
    actor: recorder,
    decide: (stream) => {
      const known = publishedKeys(stream);
      if (known.length === 0) return [{ key: 'signingkey.published', data: { keyId, publicKey } }];
      if (!known.some((key) => held.some((own) => own.keyId === key.keyId))) throw strange(file);
      return [];
    },
  });
}

/** The next key, in the file and signed by the one in use; requests are signed with it once every node was told. */
async function next(platform: Platform, call: Call<typeof rotate>): Promise<AnswerOf<typeof rotate>> {
  const { ledger, signer, settings } = platform;
  const [current, held, published] = await Promise.all([
    signer.key(),
    loadKeys(settings.signingKey),
    readPublishedKeys(ledger),
  ]);
  // One that an earlier try made and could not publish comes first.
  const made =
    held.find(({ keyId }) => published.every((known) => known.keyId !== keyId)) ?? (await addKey(settings.signingKey));
  const { keyId, publicKey } = made;
  const statement = await current.sign(keyStatementBytes(signingKeySubject, current.keyId, publicKey));
  const event: DomainEvent = {
    key: 'signingkey.published',
    data: { keyId, publicKey, signedBy: current.keyId, statement },
  };
  await record(platform, {
    ...about,
    actor: call.actor,
    decide: (stream) => (publishedKeys(stream).some((known) => known.keyId === keyId) ? [] : [event]),
  });
  return shown(platform);
}

/** @throws StasisError BadRequest for a key that is not known or that requests are signed with now */
async function end(platform: Platform, call: Call<typeof retire>): Promise<AnswerOf<typeof retire>> {
  const { keyId } = call.params;
  const current = await platform.signer.key();
  if (keyId === current.keyId)
    throw new StasisError('BadRequest', 'requests are signed with this key now', {
      next: 'POST /v1/signing-keys makes the next one; retire this one when it is no longer current.',
    });
  await record(platform, {
    ...about,
    actor: call.actor,
    decide: (stream) => {
      const key = publishedKeys(stream).find((known) => known.keyId === keyId);
      if (key === undefined) throw new StasisError('BadRequest', `no signing key ${keyId} is known`);
      return key.retiredAt === undefined ? [{ key: 'signingkey.retired', data: { keyId } }] : [];
    },
  });
  return shown(platform);
}

async function shown({ ledger, signer }: Platform): Promise<AnswerOf<typeof routes.listSigningKeys>> {
  const [keys, current] = await Promise.all([readPublishedKeys(ledger), signer.key()]);
  return { items: keys.map((key) => ({ ...key, current: key.keyId === current.keyId })) };
}
