import { eventBreak, termBreak, termsOf } from '../../facets.ts';
import type { Append } from '../../port.ts';
import type { Folded } from '../../projection.ts';
import type { Sql } from '../database.ts';
import { placeTerms, spanShift } from './windows.ts';

/**
 * The facets of a batch, and the time spans of the stretches it lies in, in one statement. The terms of all events come as
 * one text with breaks between them, which spares both sides the quoting of an array of arrays.
 */
const statement = `
  with facets as (
    select ledger, position, occurred, recorded, string_to_array(line, E'\\x1f') as terms
      from rows from (unnest($1::text[]), unnest($2::bigint[]), unnest($3::timestamptz[]), unnest($4::timestamptz[]),
                      string_to_table($5, E'\\x1e')) as r(ledger, position, occurred, recorded, line)
  ), inserted as (
    insert into event_facets (ledger, position, occurred, recorded, terms)
    select ledger, position, occurred, recorded, terms from facets
  )
  insert into event_spans as s (ledger, bucket, occurred_min, occurred_max, recorded_min, recorded_max)
  select ledger, position >> ${spanShift}, min(occurred), max(occurred), min(recorded), max(recorded)
    from facets group by ledger, position >> ${spanShift}
  on conflict (ledger, bucket) do update set
    occurred_min = least(s.occurred_min, excluded.occurred_min),
    occurred_max = greatest(s.occurred_max, excluded.occurred_max),
    recorded_min = least(s.recorded_min, excluded.recorded_min),
    recorded_max = greatest(s.recorded_max, excluded.recorded_max)
  returning 1 as one`;

type Texts = readonly NonNullable<Append['texts']>[number][];

/** What `writeFacets` sends: made apart, so that it can be made while Postgres is busy with something else. */
export function facetValuesOf(folded: readonly Folded[], texts: Texts): readonly unknown[] {
  const textOf = new Map(texts.map(({ eventId, text }) => [eventId, text]));
  return [
    folded.map(({ ledger }) => ledger),
    folded.map(({ recorded }) => recorded.position),
    folded.map(({ recorded }) => recorded.event.time),
    folded.map(({ recorded }) => recorded.event.recordedtime),
    folded
      .map(({ ledger, recorded, view }) =>
        [...placeTerms(ledger, recorded.position), ...termsOf(recorded, view, textOf.get(recorded.event.id))].join(
          termBreak,
        ),
      )
      .join(eventBreak),
  ];
}

export async function writeFacets(sql: Sql, values: readonly unknown[]): Promise<void> {
  await sql.query(statement, values);
}

/** Takes the words of an erased text out of the index. The caller erases the text in the same transaction. */
export async function eraseWords(sql: Sql, eventIds: readonly string[]): Promise<void> {
  await sql.query(
    `update event_facets f
        set terms = array(select term from unnest(f.terms) with ordinality t(term, n) where term not like 'word:%' order by n)
       from events e where e.event_id = any($1::text[]) and f.ledger = e.ledger and f.position = e.position
     returning 1 as one`,
    [eventIds],
  );
}
