import type { RecordedEvent } from '@stasis/events';
import type { Sql } from '../database.ts';

/** The container (`<node>/<name>`) that each event is about, by event id; absent for events of no container. */
export async function containersOf(
  sql: Sql,
  ledger: string,
  events: readonly Pick<RecordedEvent, 'stream' | 'event'>[],
): Promise<Map<string, string>> {
  const streams = [...new Set(events.map(({ stream }) => stream))];
  const rows = await sql.query<{ stream: string; container: string }>(
    `select 'checkpoint/' || id as stream, container from checkpoints where ledger = $1 and id = any($2::text[])
     union all select 'restore/' || id, container from restores where ledger = $1 and id = any($3::text[])`,
    [ledger, idsIn(streams, 'checkpoint/'), idsIn(streams, 'restore/')],
  );
  const byStream = new Map(rows.map(({ stream, container }) => [stream, container]));
  for (const id of idsIn(streams, 'container/')) byStream.set(`container/${id}`, id);
  return new Map(
    events.flatMap(({ stream, event }) => {
      const container = byStream.get(stream);
      return container === undefined ? [] : [[event.id, container] as const];
    }),
  );
}

const idsIn = (streams: readonly string[], noun: string): string[] =>
  streams.filter((stream) => stream.startsWith(noun)).map((stream) => stream.slice(noun.length));
