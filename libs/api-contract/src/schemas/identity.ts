import { z } from 'zod';
import { nodeName } from './common.ts';

const keyId = z.string().regex(/^[0-9a-f]{32}$/);
/** Base64 of the 32 bytes of an Ed25519 public key. */
const publicKey = z.string().regex(/^[A-Za-z0-9+/]{43}=$/);
const signature = z.string().regex(/^[A-Za-z0-9+/]{86}==$/);

export const invitationBody = z.object({
  node: nodeName,
  /** Seconds until the token is worth nothing. */
  expiresIn: z
    .number()
    .int()
    .min(60)
    .max(7 * 86_400)
    .default(3600),
});
export const invitation = z
  .object({ node: z.string(), token: z.string(), expires: z.string() })
  .meta({ id: 'Invitation' });

export const enrolBody = z.object({ node: nodeName, token: z.string().min(1).max(200), publicKey });
/** What a node must know to believe a request. */
export const enrolled = z
  .object({
    node: z.string(),
    keyId: z.string(),
    apiKeys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })),
  })
  .meta({ id: 'Enrolled' });

export const rekeyBody = z.object({ node: nodeName, oldKeyId: keyId, publicKey, statement: signature });
export const rekeyed = z
  .object({ node: z.string(), keyId: z.string(), oldKeyUntil: z.string() })
  .meta({ id: 'Rekeyed' });

export const signingKeyId = keyId;
export const signingKey = z
  .object({
    keyId: z.string(),
    publicKey: z.string(),
    /** Position in the system ledger. */
    position: z.number().int(),
    signedBy: z.string().exactOptional(),
    statement: z.string().exactOptional(),
    /** Requests are signed with it now. */
    current: z.boolean(),
    retiredAt: z.number().int().exactOptional(),
  })
  .meta({ id: 'SigningKey' });
export const signingKeys = z.object({ items: z.array(signingKey) }).meta({ id: 'SigningKeys' });
