import type { Sql } from '../database.ts';

export interface IdempotentAnswer {
  readonly requestDigest: string;
  /** Null while the first request is still being worked on. */
  readonly status: number | null;
  readonly body: unknown;
}

/** Which token used which Idempotency-Key. */
export interface KeyOfToken {
  readonly tokenId: string;
  readonly key: string;
}

/** The answer kept under a key; absent = the key is free. */
export async function getIdempotencyKey(sql: Sql, { tokenId, key }: KeyOfToken): Promise<IdempotentAnswer | undefined> {
  const [row] = await sql.query<IdempotentAnswer>(
    `select request_digest as "requestDigest", status, body from idempotency_keys where token_id = $1 and key = $2`,
    [tokenId, key],
  );
  return row;
}

/** A claim without answer that is older belongs to a process that died, in ms. */
const staleAfterMs = 60_000;

/**
 * Takes a key for one request. Resolves with nothing when this call took it, else with what is there: the caller compares
 * the digest (IdempotencyKeyReused) and repeats the answer. A claim without answer that is older than `staleMs` belongs to
 * a process that died and is taken over by a request with the same digest.
 */
export async function claimIdempotencyKey(
  sql: Sql,
  { tokenId, key, requestDigest, staleMs = staleAfterMs }: KeyOfToken & { requestDigest: string; staleMs?: number },
): Promise<IdempotentAnswer | undefined> {
  const claimed = await sql.query<{ one: number }>(
    `insert into idempotency_keys as k (token_id, key, request_digest) values ($1, $2, $3)
     on conflict (token_id, key) do update set created = clock_timestamp()
       where k.status is null and k.request_digest = excluded.request_digest
         and k.created < clock_timestamp() - $4::float8 * interval '1 millisecond'
     returning 1 as one`,
    [tokenId, key, requestDigest, staleMs],
  );
  return claimed.length > 0 ? undefined : getIdempotencyKey(sql, { tokenId, key });
}

/** Keeps the answer of a claimed key. */
export async function putIdempotencyAnswer(
  sql: Sql,
  { tokenId, key, status, body }: KeyOfToken & { status: number; body: unknown },
): Promise<void> {
  await sql.query(
    `update idempotency_keys set status = $3::int, body = $4::jsonb where token_id = $1 and key = $2 returning 1 as one`,
    [tokenId, key, status, JSON.stringify(body ?? null)],
  );
}

/** Frees a claimed key whose request failed without effect, so that the client may try again. */
export async function releaseIdempotencyKey(sql: Sql, { tokenId, key }: KeyOfToken): Promise<void> {
  await sql.query(
    `delete from idempotency_keys where token_id = $1 and key = $2 and status is null returning 1 as one`,
    [tokenId, key],
  );
}

/**
 * Lets a claimed key whose request may have had an effect be taken over at once, with the id that it reserved. It is kept
 * as long as any other: what is forgotten would be done again under another id.
 */
export async function letIdempotencyKeyBeTaken(sql: Sql, { tokenId, key }: KeyOfToken): Promise<void> {
  await sql.query(
    `update idempotency_keys set created = clock_timestamp() - $3::float8 * interval '1 millisecond'
      where token_id = $1 and key = $2 and status is null returning 1 as one`,
    [tokenId, key, 2 * staleAfterMs],
  );
}

/** Forgets answers older than `olderThanMs`. @returns how many. */
export async function dropOldIdempotencyKeys(sql: Sql, olderThanMs: number): Promise<number> {
  const rows = await sql.query<{ one: number }>(
    `delete from idempotency_keys where created < clock_timestamp() - $1::float8 * interval '1 millisecond' returning 1 as one`,
    [olderThanMs],
  );
  return rows.length;
}
