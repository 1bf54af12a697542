import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type DomainEvent, newId } from '@stasis/events';
import { findToken, type PostgresLedger, putToken } from '@stasis/ledger/postgres';
import { newSecret } from '../access/secrets.ts';
import { recorder } from '../actor.ts';
import { recordEvents } from '../recordEvents.ts';

/**
 * Makes sure that the admin token in `<home>/admin.token` (0600) works: the first start makes it and tells it once
 * through `announce`; with a new database the same token is put there again. Each home has its own. It is recorded like
 * any other token, and does not expire.
 */
export async function ensureAdminToken(
  ledger: PostgresLedger,
  home: string,
  announce: (secret: string, file: string) => void,
): Promise<void> {
  const file = path.join(home, 'admin.token');
  await mkdir(home, { recursive: true, mode: 0o700 });
  const made = newSecret();
  const isFirst = await writeNew(file, `${made}\n`);
  const secret = isFirst ? made : (await readFile(file, 'utf8')).trim();
  if ((await findToken(ledger.database, secret)) === undefined) {
    const id = newId('sub');
    const decide = (): DomainEvent[] => [{ key: 'token.created', data: { role: 'admin' } }];
    await recordEvents(ledger, { noun: 'token', subject: id, actor: recorder, decide });
    await putToken(ledger.database, { id, name: 'admin', role: 'admin', secret });
  }
  if (isFirst) announce(secret, file);
}

/** Writes a file that must not exist, readable by its owner only. Resolves with false if it exists. */
export async function writeNew(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx', mode: 0o600, flush: true });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}
