/** The yardstick: the same rows, every column ready, in one `unnest` insert; no hash, no check, no read model. */
import { createHash } from 'node:crypto';
import { leafOf } from '@stasis/events';
import type pg from 'pg';
import type { Append } from '../src/port.ts';

export const plainTable = 'create table events_plain (like events including all)';

export type PlainRows = readonly (readonly unknown[])[];

/** The columns of a batch whose last event gets position `last`. */
export function plainRowsOf(batch: readonly Append[], last: number): PlainRows {
  const rows = batch.flatMap(({ ledger, stream, expectedVersion, events }) =>
    events.map((event, n) => ({
      ledger,
      stream,
      version: expectedVersion + n + 1,
      event,
      leaf: Buffer.from(leafOf(event)),
    })),
  );
  const first = last - rows.length + 1;
  return [
    rows.map(({ ledger }) => ledger),
    rows.map((_, n) => first + n),
    rows.map(({ stream }) => stream),
    rows.map(({ version }) => version),
    rows.map(({ event }) => event.id),
    rows.map(({ event }) => event.type),
    rows.map(({ event }) => event.subject),
    rows.map(({ event }) => event.source),
    rows.map(({ event }) => event.time),
    rows.map(({ event }) => event.recordedtime),
    rows.map(({ event }) => event.authid),
    rows.map(({ event }) => event.correlationid),
    rows.map(({ event }) => JSON.stringify(event.data)),
    rows.map(({ leaf }) => leaf),
    rows.map(({ leaf }) => createHash('sha256').update(Buffer.of(0)).update(leaf).digest()),
  ];
}

export async function plainInsert(client: pg.Client, rows: PlainRows): Promise<void> {
  await client.query(
    `insert into events_plain (ledger, position, stream, version, event_id, type, subject, source, occurred, recorded,
       auth_id, correlation_id, data, leaf, leaf_hash)
     select * from unnest($1::text[], $2::bigint[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[],
       $9::timestamptz[], $10::timestamptz[], $11::text[], $12::text[], $13::jsonb[], $14::bytea[], $15::bytea[])`,
    [...rows],
  );
}
