import { domainEventOf } from '@stasis/events';
import type { CheckpointView } from '@stasis/lifecycle';
import type { Folded } from '../../projection.ts';
import type { Sql } from '../database.ts';

const keyOf = ({ recorded }: Folded): string => domainEventOf(recorded.event).key;

/** When checkpoints became ready, and when they expired or were deleted: the time in which a restore could use them. */
export async function writeCheckpointHistory(sql: Sql, folded: readonly Folded[]): Promise<void> {
  const ready = folded.filter((one) => keyOf(one) === 'checkpoint.ready');
  const ended = folded.filter((one) => ['checkpoint.expired', 'checkpoint.deleted'].includes(keyOf(one)));
  if (ready.length > 0) await insertReady(sql, ready);
  if (ended.length > 0) await close(sql, ended);
}

async function insertReady(sql: Sql, ready: readonly Folded[]): Promise<void> {
  const views = ready.map(({ view }) => view as CheckpointView);
  await sql.query(
    `insert into checkpoint_history (ledger, checkpoint, container, captured_at, valid_from, from_position, bytes, runtime)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[],
                          $7::bigint[], $8::text[])
     on conflict do nothing returning 1 as one`,
    [
      ready.map(({ ledger }) => ledger),
      views.map(({ id }) => id),
      views.map(({ container }) => container),
      ready.map(({ recorded, view }) => capturedAt(view as CheckpointView) ?? recorded.event.time),
      ready.map(({ recorded }) => recorded.event.time),
      ready.map(({ recorded }) => String(recorded.position)),
      views.map(({ bytes }) => bytes ?? null),
      views.map(({ runtime }) => (runtime === undefined ? null : `${runtime.name} ${runtime.version}`)),
    ],
  );
}

/** The instant whose state the image holds. */
const capturedAt = ({ conditions }: CheckpointView): string | undefined =>
  conditions.find(({ type }) => type === 'Captured')?.at;

/** The first end counts: what expired is not there to be deleted. */
const close = (sql: Sql, ended: readonly Folded[]): Promise<object[]> =>
  sql.query(
    `update checkpoint_history h set valid_to = r.at, to_position = r.position
       from (select distinct on (ledger, checkpoint) * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[])
               as u(ledger, checkpoint, at, position) order by ledger, checkpoint, position) r
      where h.ledger = r.ledger and h.checkpoint = r.checkpoint and h.to_position is null returning 1 as one`,
    [
      ended.map(({ ledger }) => ledger),
      ended.map(({ recorded }) => recorded.event.subject),
      ended.map(({ recorded }) => recorded.event.time),
      ended.map(({ recorded }) => String(recorded.position)),
    ],
  );
