import { domainEventOf, type EventKey, type RecordedEvent } from '@stasis/events';
import { type ContainerView, projectContainer } from '@stasis/lifecycle';
import type { Folded } from '../../projection.ts';
import type { Sql } from '../database.ts';
import { eventColumns, type EventRow, recordedOf } from '../read/rows.ts';

/** The events that change what a container is. */
const changing: readonly EventKey[] = [
  'container.discovered',
  'container.started',
  'container.stopped',
  'container.gone',
];
const changingTypes = changing.map((key) => `dev.stasis.${key}.v1`);

/** What a container was from `validFrom` on, as known from `fromPosition` on. */
interface Moment {
  readonly ledger: string;
  readonly container: string;
  readonly validFrom: string;
  readonly fromPosition: number;
  readonly view: Pick<ContainerView, 'status' | 'generation' | 'run'>;
}

/**
 * One row for each event that changes a container, as a rule. A fact that comes late (it happened before what is known
 * already) also changes what followed it: then those moments are told anew, known from this event on, beside the old rows.
 */
export async function writeContainerHistory(sql: Sql, folded: readonly Folded[]): Promise<void> {
  const changes = folded.flatMap(({ ledger, recorded, view }) =>
    changing.includes(domainEventOf(recorded.event).key) ? [{ ledger, recorded, view: view as ContainerView }] : [],
  );
  if (changes.length === 0) return;
  const newest = await newestMoments(sql, changes);
  const moments: Moment[] = [];
  for (const change of changes) {
    const { ledger, recorded, view } = change;
    const key = `${ledger}\n${view.id}`;
    const at = Date.parse(recorded.event.time);
    const known = newest.get(key);
    const own = { ledger, container: view.id, fromPosition: recorded.position };
    if (known !== undefined && at < known) moments.push(...(await toldAnew(sql, own, recorded.event.time)));
    else {
      moments.push({ ...own, validFrom: recorded.event.time, view });
      newest.set(key, at);
    }
  }
  await insert(sql, moments);
}

/** The last instant that is known of each container, in ms. */
async function newestMoments(
  sql: Sql,
  changes: readonly { readonly ledger: string; readonly view: ContainerView }[],
): Promise<Map<string, number>> {
  const rows = await sql.query<{ ledger: string; container: string; newest: number }>(
    `select w.ledger, w.container, (extract(epoch from h.valid_from) * 1000)::float8 as newest
       from (select distinct * from unnest($1::text[], $2::text[]) as u(ledger, container)) w
       cross join lateral (select valid_from from container_history h
         where h.ledger = w.ledger and h.container = w.container order by valid_from desc limit 1) h`,
    [changes.map(({ ledger }) => ledger), changes.map(({ view }) => view.id)],
  );
  return new Map(rows.map(({ ledger, container, newest }) => [`${ledger}\n${container}`, newest]));
}

type Place = Pick<Moment, 'ledger' | 'container' | 'fromPosition'>;

/** The late event's own moment and all that follow it, as they are once it is known. */
async function toldAnew(sql: Sql, place: Place, since: string): Promise<Moment[]> {
  const rows = await sql.query<EventRow>(
    `select ${eventColumns} from events e where e.ledger = $1 and e.stream = 'container/' || $2 and e.position <= $3::bigint
        and e.type = any($4::text[]) order by e.version`,
    [place.ledger, place.container, String(place.fromPosition), changingTypes],
  );
  const known = rows.map(recordedOf);
  const instants = [...new Set(known.map(({ event }) => Date.parse(event.time)))]
    .filter((at) => at >= Date.parse(since))
    .toSorted((a, b) => a - b);
  return instants.map((at) => ({
    ...place,
    validFrom: known.find(({ event }) => Date.parse(event.time) === at)!.event.time,
    view: known.filter(({ event }) => Date.parse(event.time) <= at).reduce(foldContainer, undefined)!,
  }));
}

const foldContainer = (view: ContainerView | undefined, recorded: RecordedEvent): ContainerView =>
  projectContainer(view, recorded);

async function insert(sql: Sql, moments: readonly Moment[]): Promise<void> {
  await sql.query(
    `insert into container_history (ledger, container, valid_from, from_position, status, generation, run)
     select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::bigint[], $5::text[], $6::int[], $7::text[])
     returning 1 as one`,
    [
      moments.map(({ ledger }) => ledger),
      moments.map(({ container }) => container),
      moments.map(({ validFrom }) => validFrom),
      moments.map(({ fromPosition }) => String(fromPosition)),
      moments.map(({ view }) => view.status),
      moments.map(({ view }) => view.generation),
      moments.map(({ view }) => view.run ?? null),
    ],
  );
}
