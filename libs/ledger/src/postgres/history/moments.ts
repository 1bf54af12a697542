import { StasisError } from '@stasis/errors';
import { defaultLedger } from '@stasis/events';
import type { Sql } from '../database.ts';
import { spanShift } from './windows.ts';

/**
 * A moment to look at, in both senses of time: what had happened by `validAt`, as far as was known at `position`. Without
 * `validAt` everything counts that was known then.
 */
export interface Moment {
  readonly ledger: string;
  readonly position: number;
  readonly validAt?: string;
}

export interface MomentAsked {
  readonly ledger?: string;
  /** A position, or the instant (ISO 8601) at which something was known; absent = now. */
  readonly asOf?: number | string;
  readonly validAt?: string;
}

/**
 * The moment that is meant.
 * @throws StasisError BadRequest for a position that is not recorded yet or an instant in the future: what is not known
 * cannot be told.
 */
export async function momentOf(sql: Sql, { ledger = defaultLedger, asOf, validAt }: MomentAsked): Promise<Moment> {
  if (validAt !== undefined) requirePast('validAt', validAt);
  const [row] = await sql.query<{ head: number }>(
    `select coalesce((select position from ledger_heads where ledger = $1), 0)::float8 as head`,
    [ledger],
  );
  const head = row?.head ?? 0;
  const valid = validAt === undefined ? {} : { validAt };
  if (asOf === undefined) return { ledger, position: head, ...valid };
  if (typeof asOf === 'number') {
    if (asOf > head)
      throw new StasisError('BadRequest', `ledger "${ledger}" has no position ${asOf} yet; its newest is ${head}`, {
        details: [{ field: 'asOf', message: `is above ${head}` }],
      });
    return { ledger, position: asOf, ...valid };
  }
  requirePast('asOf', asOf);
  return { ledger, position: await positionAt(sql, ledger, asOf), ...valid };
}

function requirePast(field: string, instant: string): void {
  if (Date.parse(instant) > Date.now())
    throw new StasisError('BadRequest', `${field} ${instant} is in the future`, {
      next: 'Ask for an instant that has passed.',
      details: [{ field, message: 'is in the future' }],
    });
}

/** The last position recorded up to an instant; 0 = none. */
export async function positionAt(sql: Sql, ledger: string, instant: string): Promise<number> {
  const [row] = await sql.query<{ position: number }>(
    `select coalesce(max(f.position), 0)::float8 as position
       from (select bucket from event_spans where ledger = $1 and recorded_min <= $2::timestamptz
              order by bucket desc limit 1) s
       join event_facets f on f.ledger = $1 and f.position >= s.bucket << ${spanShift}
        and f.position < (s.bucket + 1) << ${spanShift} and f.recorded <= $2::timestamptz`,
    [ledger, instant],
  );
  return row?.position ?? 0;
}

/** When an event was recorded, and when the first thing happened that the ledger knows of; absent without events. */
export async function instantsOf(
  sql: Sql,
  { ledger, position }: Moment,
): Promise<{ readonly recorded: string; readonly first: string } | undefined> {
  const [row] = await sql.query<{ recorded: Date; first: Date }>(
    `select f.recorded, (select min(occurred_min) from event_spans where ledger = $1) as first
       from event_facets f where f.ledger = $1 and f.position = $2::bigint`,
    [ledger, position],
  );
  return row && { recorded: row.recorded.toISOString(), first: row.first.toISOString() };
}
