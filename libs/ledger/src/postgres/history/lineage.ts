import type { RecordedEvent } from '@stasis/events';
import type { Sql } from '../database.ts';
import { eventColumns, type EventRow, recordedOf } from '../read/rows.ts';

export interface Lineage {
  /** `<node>/<name>`, those that the story begins with first. */
  readonly containers: readonly string[];
  readonly streams: readonly string[];
}

/** A story that goes through more containers than this is told of those nearest to its beginning. */
const mostContainers = 100;

/**
 * Everything that belongs to the story of some containers: their checkpoints, the restores that made them and those of
 * their checkpoints, and so on to the containers that were made by these, on whatever node.
 */
export async function lineageOf(sql: Sql, ledger: string, containers: readonly string[]): Promise<Lineage> {
  const rows = await sql.query<{ container: string }>(
    `with recursive story(container) as (
       select unnest($2::text[])
       union
       select linked.container from story s cross join lateral (
         select r.container from checkpoints k join restores r on r.ledger = $1 and r.checkpoint = k.id
           where k.ledger = $1 and k.container = s.container and r.phase = 'Running'
         union all
         select k.container from restores r join checkpoints k on k.ledger = $1 and k.id = r.checkpoint
           where r.ledger = $1 and r.container = s.container and r.phase = 'Running') linked
     ) select container from story limit ${mostContainers}`,
    [ledger, containers],
  );
  const all = rows.map(({ container }) => container);
  const streams = await sql.query<{ stream: string }>(
    `select 'container/' || c as stream from unnest($2::text[]) c
     union select 'checkpoint/' || id from checkpoints where ledger = $1 and container = any($2::text[])
     union select 'restore/' || id from restores where ledger = $1 and container = any($2::text[])
     union select 'restore/' || r.id from checkpoints k join restores r on r.ledger = $1 and r.checkpoint = k.id
            where k.ledger = $1 and k.container = any($2::text[])`,
    [ledger, all],
  );
  return { containers: all, streams: streams.map(({ stream }) => stream) };
}

/** The last events of these streams by when they happened, oldest first. */
export async function storyOf(
  sql: Sql,
  ledger: string,
  streams: readonly string[],
  limit: number,
): Promise<readonly (RecordedEvent & { readonly text: string | null })[]> {
  const rows = await sql.query<EventRow & { text: string | null }>(
    `select ${eventColumns}, t.text from events e left join event_texts t on t.event_id = e.event_id
      where e.ledger = $1 and e.stream = any($2::text[]) order by e.occurred desc, e.position desc limit $3::int`,
    [ledger, streams, limit],
  );
  return rows.toReversed().map((row) => ({ ...recordedOf(row), text: row.text }));
}
