import { StasisError } from '@stasis/errors';
import type { Noun, Views } from '../../projection.ts';
import { tableOf } from '../append/viewColumns.ts';
import type { Sql } from '../database.ts';

export interface PageOptions {
  readonly ledger?: string;
  /** At most this many items; 100 unless given. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** Cursor of the next page; null = this was the last. */
  readonly next: string | null;
  /** Position of the ledger that the answer reflects: rows and position are one snapshot. */
  readonly position: number;
}

export interface Found<Item> {
  readonly item: Item | undefined;
  readonly position: number;
}

const headOf = `coalesce((select position from ledger_heads where ledger = $1), 0)::float8 as position`;
export const defaultLimit = 100;

/** @throws StasisError BadRequest for a cursor that no page gave. */
export function parseCursor(cursor: string): string {
  if (!/^[1-9][0-9]{0,15}$/.test(cursor))
    throw new StasisError('BadRequest', `"${cursor.slice(0, 40)}" is not a cursor`, {
      next: 'Use `next` of the last page.',
    });
  return cursor;
}

/**
 * One page of a read model, newest first. Only columns given in `equals` with a value filter; its keys are column names
 * written in this folder, never input.
 */
export async function viewPage<N extends Noun>(
  sql: Sql,
  noun: N,
  ledger: string,
  equals: Readonly<Record<string, string | undefined>>,
  { limit = defaultLimit, cursor }: PageOptions,
): Promise<Page<Views[N]>> {
  const values: unknown[] = [ledger, limit + 1];
  const conditions = ['p.ledger = $1'];
  for (const [column, value] of Object.entries(equals))
    if (value !== undefined) conditions.push(`p.${column} = $${values.push(value)}`);
  if (cursor !== undefined) conditions.push(`p.created < $${values.push(parseCursor(cursor))}::bigint`);
  const rows = await sql.query<{ position: number; created: number | null; body: Views[N] | null }>(
    `select h.position, r.created::float8 as created, r.body from (select ${headOf}) h
     left join (select p.created, p.body from ${tableOf(noun)} p where ${conditions.join(' and ')}
                order by p.created desc limit $2::int) r on true
     order by r.created desc`,
    values,
  );
  const found = rows.flatMap(({ created, body }) => (created === null || body === null ? [] : [{ created, body }]));
  const page = found.slice(0, limit);
  return {
    items: page.map(({ body }) => body),
    next: found.length > limit ? String(page.at(-1)?.created) : null,
    position: rows[0]?.position ?? 0,
  };
}

/** One row of a read model by its id. */
export async function viewById<N extends Noun>(
  sql: Sql,
  noun: N,
  ledger: string,
  id: string,
): Promise<Found<Views[N]>> {
  const [row] = await sql.query<{ position: number; body: Views[N] | null }>(
    `select h.position, p.body from (select ${headOf}) h left join ${tableOf(noun)} p on p.ledger = $1 and p.id = $2`,
    [ledger, id],
  );
  return { item: row?.body ?? undefined, position: row?.position ?? 0 };
}
