/**
 * The tables and functions of the Postgres bus. Clients only call the functions (security definer), so a login that has
 * nothing but EXECUTE on them is a full client.
 *
 * Order: the row of a partition in `partitions` is its lock. A publisher takes it before it reads the next offset and
 * keeps it until its commit, so offsets are dense, are committed in their order, and a reader that saw offset n never
 * finds a lower one later, however slow a transaction is.
 *
 * Sharing: a member holds a partition of its group by a session lock for as long as it handles one batch. The lock ends
 * with the session, so a dead member holds nothing.
 */
export const schemaVersion = 1;

export const schemaSql = (schema: string): string => `
create schema if not exists ${schema};
create table if not exists ${schema}.meta (version int not null);
create table if not exists ${schema}.topics (
  topic text primary key,
  partitions int not null check (partitions > 0),
  retention_ms bigint
);
create table if not exists ${schema}.partitions (
  topic text not null references ${schema}.topics,
  partition int not null,
  next_offset bigint not null default 0,
  primary key (topic, partition)
) with (fillfactor = 50);
create table if not exists ${schema}.messages (
  topic text not null,
  partition int not null,
  "offset" bigint not null,
  key text not null,
  headers jsonb not null,
  value bytea not null,
  published_at timestamptz not null default now(),
  primary key (topic, partition, "offset")
);
create table if not exists ${schema}.group_offsets (
  "group" text not null,
  topic text not null,
  partition int not null,
  next_offset bigint not null,
  primary key ("group", topic, partition)
) with (fillfactor = 50);
create table if not exists ${schema}.producers (
  producer uuid primary key,
  sequence bigint not null,
  seen_at timestamptz not null default now()
);

create or replace function ${schema}.ensure_topic(p_topic text, p_partitions int, p_retention_ms bigint)
returns void language plpgsql security definer set search_path = ${schema}, pg_temp as $$
begin
  insert into topics values (p_topic, p_partitions, p_retention_ms) on conflict do nothing;
  if found then
    insert into partitions (topic, partition) select p_topic, generate_series(0, p_partitions - 1);
  end if;
end $$;

create or replace function ${schema}.partitions_of(p_topic text)
returns int language sql stable security definer set search_path = ${schema}, pg_temp as $$
  select partitions from topics where topic = p_topic
$$;

-- Appends messages once per (producer, sequence): the repetition of a call whose answer was lost appends nothing.
create or replace function ${schema}.publish(
  p_producer uuid, p_sequence bigint,
  p_topics text[], p_partitions int[], p_keys text[], p_headers jsonb, p_values bytea[]
) returns void language plpgsql security definer set search_path = ${schema}, pg_temp as $$
declare
  place record;
begin
  insert into producers as p (producer, sequence) values (p_producer, p_sequence)
    on conflict (producer) do update set sequence = excluded.sequence, seen_at = now()
    where p.sequence < excluded.sequence;
  if not found then return; end if;
  -- One order of locking for all publishers, so that two of them cannot wait for each other.
  for place in
    select t.topic, t.partition, count(*) as n
    from unnest(p_topics, p_partitions) as t(topic, partition) group by 1, 2 order by 1, 2
  loop
    update partitions set next_offset = next_offset + place.n
      where topic = place.topic and partition = place.partition;
    if not found then
      raise exception 'no partition % of topic "%"', place.partition, place.topic using errcode = 'no_data_found';
    end if;
    perform pg_notify('${schema}', place.topic || '/' || place.partition);
  end loop;
  insert into messages (topic, partition, "offset", key, headers, value)
    select m.topic, m.partition,
      p.next_offset - count(*) over (partition by m.topic, m.partition)
        + row_number() over (partition by m.topic, m.partition order by m.n) - 1,
      m.key, p_headers -> (m.n - 1)::int, m.value
    from unnest(p_topics, p_partitions, p_keys, p_values) with ordinality as m(topic, partition, key, value, n)
    join partitions p using (topic, partition);
end $$;

-- Gives the group a place to begin in each partition it has none in; p_start_at replaces the one it has.
create or replace function ${schema}.join_group(
  p_group text, p_topic text, p_partition int, p_latest boolean, p_start_at bigint
) returns void language sql security definer set search_path = ${schema}, pg_temp as $$
  insert into group_offsets as g ("group", topic, partition, next_offset)
    select p_group, topic, partition, coalesce(p_start_at, case when p_latest then next_offset else 0 end)
    from partitions where topic = p_topic and (p_partition is null or partition = p_partition)
  on conflict ("group", topic, partition) do update set next_offset = excluded.next_offset
    where p_start_at is not null
$$;

create or replace function ${schema}.lock_key(p_group text, p_topic text, p_partition int)
returns bigint language sql immutable as $$
  select hashtextextended(p_group || chr(31) || p_topic || chr(31) || p_partition, 0)
$$;

-- The next messages of the group. With rows, the session holds the partition until it calls acknowledge.
create or replace function ${schema}.fetch(p_group text, p_topic text, p_partition int, p_limit int)
returns table ("offset" text, key text, headers jsonb, value bytea)
language plpgsql security definer set search_path = ${schema}, pg_temp as $$
declare
  begin_at bigint;
begin
  if not pg_try_advisory_lock(lock_key(p_group, p_topic, p_partition)) then return; end if;
  select g.next_offset into begin_at from group_offsets g
    where g."group" = p_group and g.topic = p_topic and g.partition = p_partition;
  return query
    select m."offset"::text, m.key, m.headers, m.value from messages m
    where m.topic = p_topic and m.partition = p_partition and m."offset" >= begin_at
    order by m."offset" limit p_limit;
  if not found then perform pg_advisory_unlock(lock_key(p_group, p_topic, p_partition)); end if;
end $$;

-- Moves the group forward (never back; null leaves it where it is) and, if asked, lets go of the partition.
create or replace function ${schema}.acknowledge(
  p_group text, p_topic text, p_partition int, p_next_offset bigint, p_release boolean
) returns void language plpgsql security definer set search_path = ${schema}, pg_temp as $$
begin
  update group_offsets set next_offset = p_next_offset
    where "group" = p_group and topic = p_topic and partition = p_partition and next_offset < p_next_offset;
  if p_release then perform pg_advisory_unlock(lock_key(p_group, p_topic, p_partition)); end if;
end $$;

-- Removes what is older than the topic's retention, and producers not heard of for a week.
create or replace function ${schema}.prune(p_topic text)
returns void language sql security definer set search_path = ${schema}, pg_temp as $$
  delete from messages m using topics t
    where t.topic = p_topic and m.topic = t.topic
      and m.published_at < now() - t.retention_ms * interval '1 millisecond';
  delete from producers where seen_at < now() - interval '7 days';
$$;

revoke all on all functions in schema ${schema} from public;
delete from ${schema}.meta;
insert into ${schema}.meta values (${schemaVersion});
`;

/** What a client needs that is not the owner. */
export const clientFunctions = ['publish', 'join_group', 'fetch', 'acknowledge', 'partitions_of', 'prune'] as const;
