import { createHash } from 'node:crypto';
import type { LedgerDatabase } from '../database.ts';

export interface TokenRecord {
  /** `sub_…`: what `authid` of events says. */
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** The only nodes that it may act on; empty = all. */
  readonly nodes: readonly string[];
  readonly created: Date;
  readonly expires: Date | null;
  readonly revoked: Date | null;
}

const hashOf = (secret: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(createHash('sha256').update(secret, 'utf8').digest());
const columns = { id: true, name: true, role: true, nodes: true, created: true, expires: true, revoked: true } as const;

/** Keeps a new token; of the secret only its SHA-256. The secret must be random: it is not stretched. */
export async function putToken(
  { prisma }: LedgerDatabase,
  token: {
    id: string;
    name: string;
    role: string;
    secret: string;
    nodes?: readonly string[];
    created?: Date;
    expires?: Date;
  },
): Promise<void> {
  const { secret, expires, nodes = [], ...rest } = token;
  await prisma.token.create({
    data: { ...rest, nodes: [...nodes], hash: hashOf(secret), ...(expires && { expires }) },
  });
}

/** The token of this secret, if it is neither expired nor revoked. */
export async function findToken({ prisma }: LedgerDatabase, secret: string): Promise<TokenRecord | undefined> {
  const found = await prisma.token.findFirst({
    where: { hash: hashOf(secret), revoked: null, OR: [{ expires: null }, { expires: { gt: new Date() } }] },
    select: columns,
  });
  return found ?? undefined;
}

/** Oldest first, expired and revoked ones included. */
export const listTokens = ({ prisma }: LedgerDatabase): Promise<TokenRecord[]> =>
  prisma.token.findMany({ select: columns, orderBy: { created: 'asc' } });

/** Idempotent. @returns whether a token with that id exists. */
export async function revokeToken({ prisma }: LedgerDatabase, id: string): Promise<boolean> {
  await prisma.token.updateMany({ where: { id, revoked: null }, data: { revoked: new Date() } });
  return (await prisma.token.count({ where: { id } })) > 0;
}

/** Absent = no such token. Expired and revoked ones are found, too. */
export const getToken = async ({ prisma }: LedgerDatabase, id: string): Promise<TokenRecord | undefined> =>
  (await prisma.token.findUnique({ where: { id }, select: columns })) ?? undefined;
