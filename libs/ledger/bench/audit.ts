/**
 * What auditors ask, on a ledger of `--events N` (100000 unless given) that a generator lands through the real append path:
 * filtered pages, free text, the fleet as of a moment, proofs, verify. Beside the filtered pages: the same questions as
 * plain SQL on the events table as it is. Each question is also timed with the event that records it, as the api does.
 *
 *   npm run bench -- audit [--events 1000000] [--containers 100000]
 */
import { parseArgs } from 'node:util';
import { newId, type StasisEvent } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import { machine } from '../../../tools/bench/figures.ts';
import {
  type EventFilter,
  findEvents,
  fleetAt,
  fleetTotals,
  type Hit,
  listEvents,
  type Page,
  type PostgresLedger,
  proveConsistency,
  proveInclusion,
  verifyLedger,
} from '../src/postgres/index.ts';
import { startTestLedgers } from '../src/testDatabase.ts';
import { began, ended, nodes, randomFrom } from './audit/fleet.ts';
import { land } from './audit/land.ts';
import { line, ms, timed, type Timing } from './audit/measure.ts';
import { type Kind, kindsOf } from './audit/questions.ts';

const queries = 200;

export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { events: { type: 'string', default: '100000' }, containers: { type: 'string' } },
  });
  const events = Number(values.events);
  const containers = Number(values.containers ?? Math.min(100_000, Math.ceil(events / 10)));
  const ledgers = await startTestLedgers(await startPostgres());
  try {
    const ledger = await ledgers.open();
    console.log(machine());
    console.log(await serverOf(ledger));
    const landed = await land(ledger, { events, containers });
    line(
      `${landed.events} events, ${containers} containers`,
      `landed through append with read models, facets, tree and heads: ${Math.round(landed.perSecond)}/s`,
    );
    await ledger.database.query('vacuum analyze', []);
    await sizes(ledger);
    await askEvents(ledger);
    await askMoments(ledger);
    await prove(ledger, landed.events);
    await verify(ledger);
    await readAll(ledger);
  } finally {
    await ledgers.tearDown();
  }
}

async function serverOf({ database }: PostgresLedger): Promise<string> {
  const [row] = await database.query<{ said: string }>(
    `select 'Postgres ' || current_setting('server_version') || ', shared_buffers ' || current_setting('shared_buffers')
       || ', fsync ' || current_setting('fsync') as said`,
    [],
  );
  return row!.said;
}

async function sizes({ database }: PostgresLedger): Promise<void> {
  const rows = await database.query<{ name: string; mib: number }>(
    `select relname as name, (pg_total_relation_size(c.oid) / 1048576)::int as mib from pg_class c
      where relkind = 'r' and relnamespace = 'public'::regnamespace and pg_total_relation_size(c.oid) > 1048576
      order by 2 desc`,
    [],
  );
  line('size', ...rows.map(({ name, mib }) => `${name} ${mib} MiB`));
}

/** Records a question as the api does; the digest of the answer is left out, its bytes are not. */
async function recorded(ledger: PostgresLedger, position: number, rows: number): Promise<void> {
  const id = newId('evt');
  const time = new Date().toISOString();
  const event = {
    specversion: '1.0',
    id,
    type: 'dev.stasis.audit.read.v1',
    source: '/stasis/api',
    subject: id,
    time,
    datacontenttype: 'application/json',
    ledger: 'system',
    recordedtime: time,
    authtype: 'user',
    authid: newId('sub'),
    correlationid: id,
    data: {
      question: 'events',
      query: { node: 'node-001' },
      ledger: 'default',
      position,
      rows,
      digest: `sha256:${'0'.repeat(64)}`,
      more: true,
    },
  } as StasisEvent;
  await ledger.append([{ ledger: 'system', stream: `audit/${id}`, expectedVersion: 0, events: [event] }]);
}

async function askEvents(ledger: PostgresLedger): Promise<void> {
  const { fields, texts } = await kindsOf(ledger.database);
  const single = fields.filter(({ name }) => !name.includes('+'));
  const pairs = fields.filter(({ name }) => name.includes('+'));
  for (const kind of single) {
    const filters = Array.from({ length: queries }, kind.filter);
    const bare = await ask(ledger, filters);
    const plain = plainOf(filters[0]!) === undefined ? undefined : await askPlainly(ledger, filters.slice(0, 20));
    line(kind.name, ms(bare), ...(plain === undefined ? [] : [`plain SQL (20 asked) ${ms(plain)}`]));
  }
  await askAll(ledger, 'all one-field questions', single);
  await askAll(ledger, 'all two-field questions', pairs);
  await slowest(ledger, pairs);
  for (const kind of texts) await askAll(ledger, `free text: ${kind.name}`, [kind]);
}

const ask = (ledger: PostgresLedger, filters: readonly EventFilter[]): Promise<Timing> =>
  timed(filters.length, (n) => listEvents(ledger.database, filters[n]));

/** The kinds mixed, without and with the event that records the question. */
async function askAll(ledger: PostgresLedger, what: string, kinds: readonly Kind[]): Promise<void> {
  const count = Math.max(queries, kinds.length * 4);
  const filters = Array.from({ length: count }, (_, n) => kinds[n % kinds.length]!.filter());
  const bare = await ask(ledger, filters);
  const whole = await timed(count, async (n) => {
    const { items, position } = await listEvents(ledger.database, filters[n]);
    await recorded(ledger, position, items.length);
  });
  line(what, `${count} asked: ${ms(bare)}`, `with its recording ${ms(whole)}`);
}

/** Which pairs are dear: an average hides them. */
async function slowest(ledger: PostgresLedger, kinds: readonly Kind[]): Promise<void> {
  const found: { name: string; timing: Timing }[] = [];
  for (const { name, filter } of kinds)
    found.push({ name, timing: await ask(ledger, Array.from({ length: 20 }, filter)) });
  for (const { name, timing } of found.toSorted((a, b) => b.timing.p95 - a.timing.p95).slice(0, 5))
    line(`  dearest pair: ${name}`, `20 asked: ${ms(timing)}`);
}

/** The same question on the events table as it is, where its columns can say it. */
function plainOf({
  type,
  actor,
  correlation,
  node,
  recordedFrom,
  recordedTo,
}: EventFilter): [string, unknown[]] | undefined {
  if (type !== undefined) return ['type = $1', [type]];
  if (actor !== undefined) return ['auth_id = $1', [actor]];
  if (correlation !== undefined) return ['correlation_id = $1', [correlation]];
  if (node !== undefined) return [`(data->>'node' = $1 or data->>'container' like $1 || '/%')`, [node]];
  if (recordedFrom !== undefined) return ['recorded >= $1 and recorded < $2', [recordedFrom, recordedTo]];
  return undefined;
}

const askPlainly = (ledger: PostgresLedger, filters: readonly EventFilter[]): Promise<Timing> =>
  timed(filters.length, async (n) => {
    const plain = plainOf(filters[n]!);
    if (plain === undefined) return;
    await ledger.database.query(
      `select convert_from(leaf, 'UTF8') from events where ledger = 'default' and ${plain[0]}
        order by position ${filters[n]!.order ?? 'asc'} limit 101`,
      plain[1],
    );
  });

async function askMoments(ledger: PostgresLedger): Promise<void> {
  const random = randomFrom(11);
  const head = await ledger.head('default');
  const moment = (known: boolean) => ({
    ledger: 'default',
    position: known ? Math.floor(random() * head) : head,
    validAt: new Date(began + Math.floor((0.15 + 0.85 * random()) * (ended - began))).toISOString(),
  });
  for (const known of [false, true]) {
    const what = known ? 'as known at a position too' : 'by when it happened';
    let rows = 0;
    const page = await timed(queries, async () => {
      const node = nodes[Math.floor(random() * nodes.length)]!;
      rows += (await fleetAt(ledger.database, moment(known), { node, limit: 1000 })).items.length;
    });
    line(`fleet of one node, ${what}`, ms(page), `${Math.round(rows / queries)} containers each`);
    line(`totals of the fleet, ${what}`, ms(await timed(20, () => fleetTotals(ledger.database, moment(known)))));
  }
}

async function prove(ledger: PostgresLedger, size: number): Promise<void> {
  const random = randomFrom(13);
  const heads = await ledger.database.query<{ size: number }>(
    `select size::float8 as size from tree_heads where ledger = 'default' order by size`,
    [],
  );
  for (const wanted of [10_000, 100_000, 1_000_000, 5_000_000].filter((one) => one <= size)) {
    const treeSize = heads.find((head) => head.size >= wanted)!.size;
    const inclusion = await timed(queries, () =>
      proveInclusion(ledger.database, { ledger: 'default', position: 1 + Math.floor(random() * wanted), treeSize }),
    );
    const consistency = await timed(queries, () =>
      proveConsistency(ledger.database, { ledger: 'default', from: 1 + Math.floor(random() * wanted), to: treeSize }),
    );
    line(`proofs in a tree of ${treeSize}`, `inclusion ${ms(inclusion)}`, `consistency ${ms(consistency)}`);
  }
}

async function verify(ledger: PostgresLedger): Promise<void> {
  const started = performance.now();
  const { verified, firstBad } = await verifyLedger(ledger.database, 'default');
  if (firstBad !== undefined) throw new Error(`position ${firstBad.position}: ${firstBad.why}`);
  line('verify', `${Math.round(verified / ((performance.now() - started) / 1000))} events/s`);
}

/** What an export reads, as NDJSON, without the connection that it is streamed over. */
async function readAll(ledger: PostgresLedger): Promise<void> {
  const started = performance.now();
  let bytes = 0;
  let rows = 0;
  for (let cursor: string | null | undefined; cursor !== null && rows < 500_000;) {
    const page: Page<Hit> = await findEvents(ledger.database, { limit: 2000, ...(cursor !== undefined && { cursor }) });
    for (const { leaf, position } of page.items)
      bytes += Buffer.byteLength(`${leaf.slice(0, -1)},"position":${position}}\n`);
    rows += page.items.length;
    cursor = page.next;
  }
  const seconds = (performance.now() - started) / 1000;
  line('export as NDJSON', `${Math.round(rows / seconds)} events/s, ${Math.round(bytes / seconds / 1e6)} MB/s`);
}

if (import.meta.main) await run(process.argv.slice(2));
