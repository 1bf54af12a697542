import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStasisError, StasisError } from '@stasis/errors';
import { canonicalBytes, type IdPrefix, newId } from '@stasis/events';
import {
  claimIdempotencyKey,
  getIdempotencyKey,
  letIdempotencyKeyBeTaken,
  type LedgerDatabase,
  putIdempotencyAnswer,
  releaseIdempotencyKey,
} from '@stasis/ledger/postgres';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

type Work = (newId: (prefix: IdPrefix) => Promise<string>) => Promise<Answer>;

const waitMs = 10_000;
const pollMs = 25;

/** What makes two requests the same: method, path and body. */
export const requestDigest = (method: string, url: string, body: unknown): string =>
  createHash('sha256')
    .update(`${method} ${url}\n`)
    .update(canonicalBytes(body ?? null))
    .digest('hex');

/**
 * Does the work once for one key of one token; the same request again gets the same answer. The id of what is made is
 * kept with the key before the work begins, so that a request cut off by a crash makes nothing twice. Work that is
 * refused leaves the key free.
 * @throws StasisError IdempotencyKeyReused for another request under the key; VersionConflict when the first one is
 * still being worked on after 10 s.
 */
export async function once(
  database: LedgerDatabase,
  request: { tokenId: string; key: string; requestDigest: string },
  work: Work,
): Promise<Answer> {
  if (!/^[\x21-\x7e]{1,200}$/.test(request.key))
    throw new StasisError('BadRequest', 'Idempotency-Key is not 1 to 200 printable characters without space');
  const until = Date.now() + waitMs;
  for (let found = await claimIdempotencyKey(database, request); found !== undefined;) {
    if (found.requestDigest !== request.requestDigest)
      throw new StasisError('IdempotencyKeyReused', 'the Idempotency-Key was used before with another request', {
        next: 'Use a new key for a new request.',
      });
    if (found.status !== null) return { status: found.status, body: found.body };
    if (Date.now() > until)
      throw new StasisError('VersionConflict', 'the first request with this Idempotency-Key is still being worked on');
    await sleep(pollMs);
    // A freed key is claimed anew.
    found = (await getIdempotencyKey(database, request)) ?? (await claimIdempotencyKey(database, request));
  }
  try {
    const answer = await work((prefix) => reserveId(database, request, prefix));
    await putIdempotencyAnswer(database, { ...request, ...answer });
    return answer;
  } catch (error) {
    // Losing this as well only means that the key stays taken for a minute.
    await giveBack(database, request, error).catch(() => {});
    throw error;
  }
}

/** After a refusal the key is free; after a failure that may have had an effect it can be taken again with its id. */
async function giveBack(
  database: LedgerDatabase,
  request: { tokenId: string; key: string },
  error: unknown,
): Promise<void> {
  if (isStasisError(error) && error.row.http < 500) return releaseIdempotencyKey(database, request);
  await letIdempotencyKeyBeTaken(database, request);
}

/** The id that is kept with the key; the first caller's stays. */
async function reserveId(
  database: LedgerDatabase,
  { tokenId, key }: { tokenId: string; key: string },
  prefix: IdPrefix,
): Promise<string> {
  const [row] = await database.query<{ id: string }>(
    `update idempotency_keys set body = coalesce(body, $3::jsonb)
     where token_id = $1 and key = $2 and status is null returning body->>'id' as id`,
    [tokenId, key, JSON.stringify({ id: newId(prefix) })],
  );
  if (row === undefined) throw new StasisError('VersionConflict', 'another request took over this Idempotency-Key');
  return row.id;
}
