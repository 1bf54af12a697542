import { createHash } from 'node:crypto';
import type { LedgerDatabase } from '../database.ts';

const hashOf = (secret: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(secret, 'utf8').digest());

/** Keeps a new one-time token; of the secret only its SHA-256. The secret must be random: it is not stretched. */
export async function putEnrolmentToken(
  { prisma }: LedgerDatabase,
  token: { id: string; node: string; secret: string; expires: Date },
): Promise<void> {
  const { secret, ...rest } = token;
  await prisma.enrolmentToken.create({ data: { ...rest, hash: hashOf(secret) } });
}

/**
 * Uses the token up for one key, for good. The same key may come again with it: its first answer may have been lost.
 * @returns the token's id; absent when it is not known, of another node, expired, or was used by another key
 */
export async function useEnrolmentToken(
  { prisma }: LedgerDatabase,
  { secret, node, keyId }: { secret: string; node: string; keyId: string },
): Promise<string | undefined> {
  const hash = hashOf(secret);
  const open = { hash, node, expires: { gt: new Date() }, OR: [{ usedBy: null }, { usedBy: keyId }] };
  const { count } = await prisma.enrolmentToken.updateMany({ where: open, data: { usedBy: keyId } });
  if (count === 0) return undefined;
  return (await prisma.enrolmentToken.findUnique({ where: { hash }, select: { id: true } }))?.id;
}
