import type { Sql } from '@stasis/ledger/postgres';
import type { RelayCursor } from './relay.ts';

/** The place of the relay, or of another duty, in each ledger: in table `cursors`, which only the newest leader moves. */
export const relayCursor = (sql: Sql, name = 'relay'): RelayCursor => ({
  read: async (ledger) => {
    const [row] = await sql.query<{ position: number }>(
      `select position::float8 as position from cursors where name = $1 and ledger = $2`,
      [name, ledger],
    );
    return row?.position ?? 0;
  },
  move: async (ledger, position, fencing) => {
    const moved = await sql.query<{ one: number }>(
      `insert into cursors as c (name, ledger, position, fencing) values ($1, $2, $3::bigint, $4::bigint)
       on conflict (name, ledger) do update set position = greatest(c.position, excluded.position), fencing = excluded.fencing
         where c.fencing <= excluded.fencing
       returning 1 as one`,
      [name, ledger, String(position), String(fencing)],
    );
    return moved.length > 0;
  },
});
