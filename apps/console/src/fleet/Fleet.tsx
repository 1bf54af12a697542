import { containerStatuses } from '@stasis/container';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { Empty, Failed, Loading } from '../parts/States.tsx';
import { Status } from '../parts/Status.tsx';
import { ContainerTable } from './ContainerTable.tsx';
import { useContainers, useNodes } from './fleetQueries.ts';
import { NodeCards } from './NodeCards.tsx';
import { RiskMap } from './RiskMap.tsx';

const route = getRouteApi('/shell/');

/** The fleet at a glance: how many are what, which nodes carry them, what is at risk, and every container. */
export function Fleet() {
  const search = route.useSearch();
  const containers = useContainers(search);
  const nodes = useNodes();
  const shown = containers.data?.pages.flatMap(({ items }) => items) ?? [];
  const isFiltered = search.node !== undefined || search.name !== undefined || search.status !== undefined;
  return (
    <article>
      <div className="row">
        <h1>Fleet</h1>
        <Counts of={shown} more={containers.hasNextPage} />
      </div>
      {nodes.isError && <Failed error={nodes.error} again={() => void nodes.refetch()} />}
      <NodeCards of={nodes.data?.items ?? []} containers={shown} />
      <RiskMap containers={shown} now={search.at ?? new Date().toISOString()} />
      <Filters {...search} nodes={nodes.data?.items.map(({ id }) => id) ?? []} />
      {containers.isPending && <Loading what="the containers" />}
      {containers.isError && <Failed error={containers.error} again={() => void containers.refetch()} />}
      {containers.isSuccess && shown.length === 0 && (
        <Empty>
          {isFiltered ? (
            'No container fits the filter.'
          ) : (
            <>
              No container runs here yet. Start one: <code>stasis run --name web-1 -- sleep 600</code>
            </>
          )}
        </Empty>
      )}
      {shown.length > 0 && (
        <ContainerTable
          containers={shown}

          {...(containers.hasNextPage &&
            !containers.isFetchingNextPage && { onEnd: () => void containers.fetchNextPage() })}
        />
      )}
    </article>
  );
}

/** How many containers are in which state, among those that were read. */
function Counts({ of, more }: { readonly of: readonly { readonly status: string }[]; readonly more: boolean }) {
  const counts = Map.groupBy(of, ({ status }) => status);
  return (
    <ul className="counts" aria-label="Containers by state">
      {containerStatuses
        .filter((status) => counts.has(status))
        .map((status) => (
          <li key={status}>
            <Status is={status} /> <b>{(counts.get(status)?.length ?? 0).toLocaleString('en')}</b>
          </li>
        ))}
      {more && <li className="dim">and more below</li>}
    </ul>
  );
}

function Filters(props: {
  readonly node?: string | undefined;
  readonly name?: string | undefined;
  readonly status?: string | undefined;
  readonly nodes: readonly string[];
}) {
  const navigate = useNavigate();
  const set = (name: 'node' | 'name' | 'status', value: string): void =>
    void navigate({
      to: '/',
      search: (before) => ({ ...before, [name]: value === '' ? undefined : value }),
      replace: true,
    });
  return (
    <form className="row" role="search" onSubmit={(event) => event.preventDefault()}>
      <label>
        Node{' '}
        <select value={props.node ?? ''} onChange={({ target }) => set('node', target.value)}>
          <option value="">all</option>
          {props.nodes.map((node) => (
            <option key={node}>{node}</option>
          ))}
        </select>
      </label>
      <label>
        State{' '}
        <select value={props.status ?? ''} onChange={({ target }) => set('status', target.value)}>
          <option value="">all but gone</option>
          {containerStatuses.map((status) => (
            <option key={status}>{status}</option>
          ))}
        </select>
      </label>
      <label>
        Name{' '}
        <input
          data-search
          value={props.name ?? ''}
          onChange={({ target }) => set('name', target.value)}
          placeholder="web-1"
        />
      </label>
    </form>
  );
}
