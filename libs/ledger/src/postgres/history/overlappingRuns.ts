import type { Sql } from '../database.ts';
import { bucketOf, type Run, spanShift } from './windows.ts';

/** Instants as ISO 8601, from (with) and to (without). */
export interface TimeRange {
  readonly occurredFrom?: string;
  readonly occurredTo?: string;
  readonly recordedFrom?: string;
  readonly recordedTo?: string;
}

/** Those runs of positions between two that may hold events of a time range; all others hold none. */
export async function overlappingRuns(sql: Sql, ledger: string, { low, high }: Run, range: TimeRange): Promise<Run[]> {
  if (low >= high) return [];
  const { occurredFrom, occurredTo, recordedFrom, recordedTo } = range;
  const bounds = [occurredFrom, occurredTo, recordedFrom, recordedTo];
  if (bounds.every((bound) => bound === undefined)) return [{ low, high }];
  const rows = await sql.query<{ bucket: number }>(
    `select bucket::float8 as bucket from event_spans where ledger = $1 and bucket between $2::bigint and $3::bigint
        and ($4::timestamptz is null or occurred_max >= $4) and ($5::timestamptz is null or occurred_min < $5)
        and ($6::timestamptz is null or recorded_max >= $6) and ($7::timestamptz is null or recorded_min < $7)
      order by bucket`,
    [ledger, bucketOf(low, spanShift), bucketOf(high - 1, spanShift), ...bounds.map((bound) => bound ?? null)],
  );
  const runs: Run[] = [];
  for (const { bucket } of rows) {
    const run = { low: Math.max(low, bucket * 2 ** spanShift), high: Math.min(high, (bucket + 1) * 2 ** spanShift) };
    const last = runs.at(-1);
    if (last?.high === run.low) runs[runs.length - 1] = { low: last.low, high: run.high };
    else runs.push(run);
  }
  return runs;
}
