import type { Sql } from '../database.ts';

/**
 * Takes or keeps the lease `name` for `ttlMs`; absent = another holder has it. The fencing number stays while the same
 * holder keeps it and grows when it changes hands or ran out, so a holder that slept cannot pass for the new one.
 * Database time decides; the holder should renew at a third of `ttlMs`.
 */
export async function acquireLease(
  sql: Sql,
  name: string,
  holder: string,
  ttlMs: number,
): Promise<{ fencing: number } | undefined> {
  const [row] = await sql.query<{ fencing: number }>(
    `insert into leases as l (name, holder, fencing, expires)
     values ($1, $2, 1, clock_timestamp() + $3::float8 * interval '1 millisecond')
     on conflict (name) do update set holder = excluded.holder, expires = excluded.expires,
       fencing = l.fencing + case when l.holder = excluded.holder and l.expires > clock_timestamp() then 0 else 1 end
       where l.holder = excluded.holder or l.expires <= clock_timestamp()
     returning fencing::float8 as fencing`,
    [name, holder, ttlMs],
  );
  return row;
}

/** Gives the lease back at once, if `holder` has it; the next holder gets a higher fencing number. */
export async function releaseLease(sql: Sql, name: string, holder: string): Promise<void> {
  await sql.query(`update leases set expires = '-infinity' where name = $1 and holder = $2 returning 1 as one`, [
    name,
    holder,
  ]);
}

/** Who has the lease now; absent = nobody, or it ran out. */
export async function leaseHolder(sql: Sql, name: string): Promise<string | undefined> {
  const [row] = await sql.query<{ holder: string }>(
    `select holder from leases where name = $1 and expires > clock_timestamp()`,
    [name],
  );
  return row?.holder;
}
