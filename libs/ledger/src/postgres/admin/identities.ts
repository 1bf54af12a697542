import { createHash } from 'node:crypto';
import type { LedgerDatabase } from '../database.ts';

export interface IdentityRecord {
  /** `sub_…`: what `authid` of events says. */
  readonly id: string;
  /** Personal data, as the provider last told it; null when it told none, or when it was erased. */
  readonly name: string | null;
  readonly email: string | null;
  /** Whether `subject.joined` is recorded. */
  readonly joined: boolean;
  readonly created: Date;
}

/** Who a provider says somebody is. */
export interface SignedIn {
  readonly issuer: string;
  readonly subject: string;
  readonly name?: string;
  readonly email?: string;
}

const columns = { id: true, name: true, email: true, joined: true, created: true } as const;

const hashOf = ({ issuer, subject }: SignedIn): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(`${issuer}\0${subject}`, 'utf8').digest());

/**
 * The identity behind (issuer, subject), made under `newId` at the first sign-in; of the subject only a hash is kept. Names
 * are brought up to date. Two sign-ins at once get the same one.
 */
export async function identityOf(
  { prisma }: LedgerDatabase,
  signedIn: SignedIn,
  newId: () => string,
): Promise<IdentityRecord> {
  const subjectHash = hashOf(signedIn);
  const names = { name: signedIn.name ?? null, email: signedIn.email ?? null };
  await prisma.identity.createMany({ data: [{ id: newId(), subjectHash, ...names }], skipDuplicates: true });
  const found = await prisma.identity.findUniqueOrThrow({ where: { subjectHash }, select: columns });
  if (found.name === names.name && found.email === names.email) return found;
  return prisma.identity.update({ where: { subjectHash }, data: names, select: columns });
}

/** Says that `subject.joined` is recorded. Idempotent. */
export async function markJoined({ prisma }: LedgerDatabase, id: string): Promise<void> {
  await prisma.identity.update({ where: { id }, data: { joined: true } });
}

/** Absent = nobody of that id signed in by OIDC. */
export const getIdentity = async ({ prisma }: LedgerDatabase, id: string): Promise<IdentityRecord | undefined> =>
  (await prisma.identity.findUnique({ where: { id }, select: columns })) ?? undefined;
