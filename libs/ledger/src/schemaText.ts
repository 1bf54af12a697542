import type { Sql } from './postgres/database.ts';

/**
 * The schema of a database as SQL that makes it again: functions, tables with their constraints, indexes, triggers; sorted,
 * so that two equal schemas give equal text. It covers what our migrations use, nothing more.
 */
export async function schemaText(sql: Sql): Promise<string> {
  const rows = await sql.query<{ text: string }>(
    `with tables as (
       select c.oid, c.relname, c.reloptions from pg_class c
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> '_prisma_migrations'
     ), parts as (
       select 1 as kind, p.proname as name, pg_get_functiondef(p.oid) || ';' as text
         from pg_proc p where p.pronamespace = 'public'::regnamespace
       union all
       select 2, t.relname,
         'CREATE TABLE ' || t.relname || ' (' || (
           select string_agg(line, ',' order by part, number, line) from (
             select 0 as part, a.attnum as number, E'\\n  ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
               || coalesce(' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), '') || case when a.attnotnull then ' NOT NULL' else '' end as line
               from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
               where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
             union all
             select 1, 0, E'\\n  CONSTRAINT ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
               from pg_constraint k where k.conrelid = t.oid and k.contype <> 'n'
           ) lines) || E'\\n)' || coalesce(' WITH (' || array_to_string(t.reloptions, ', ') || ')', '') || ';'
         from tables t
       union all
       select 3, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) || ';'
         from pg_index i join tables t on t.oid = i.indrelid
         where not exists (select from pg_constraint k where k.conindid = i.indexrelid)
       union all
       select 4, g.tgname, pg_get_triggerdef(g.oid) || ';'
         from pg_trigger g join tables t on t.oid = g.tgrelid where not g.tgisinternal
     )
     select text from parts order by kind, name collate "C"`,
    [],
  );
  return `${rows.map(({ text }) => text.replaceAll(/[ \t]+$/gm, '')).join('\n\n')}\n`;
}
