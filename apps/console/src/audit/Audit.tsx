import type { AuditEvent } from '@stasis/api-contract';
import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { Empty, Failed, Loading } from '../parts/States.tsx';
import { api } from '../session/client.ts';
import { EventDrawer } from './EventDrawer.tsx';
import { EventTable } from './EventTable.tsx';
import { filterNames, questionOf, readSearch, writeSearch } from './question.ts';

const route = getRouteApi('/shell/audit');
const pageSize = 100;

/** The search of the audit. Its words, its order and the chosen event stand in the URL. */
export function Audit() {
  const { q = '', event, order = 'desc' } = route.useSearch();
  const navigate = useNavigate();
  const found = useInfiniteQuery({
    // Asking the audit is recorded: the same question is asked once, and again when the reader says so.
    queryKey: ['audit', q, order],
    staleTime: Infinity,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      api.listEvents({
        query: {
          ...questionOf(q),
          order: order === 'asc' ? 'asc' : 'desc',
          limit: pageSize,
          ...(pageParam !== undefined && { cursor: pageParam }),
        },
      }),
    getNextPageParam: ({ next }) => next ?? undefined,
  });
  const events = found.data?.pages.flatMap(({ items }) => items) ?? [];
  const show = (id: string | undefined): void =>
    void navigate({ to: '/audit', search: (before) => ({ ...before, event: id }), resetScroll: false });
  return (
    <article className={event === undefined ? 'audit' : 'audit with-drawer'}>
      <div>
        <div className="row">
          <h1>Audit</h1>
          <span className="dim">
            {found.data !== undefined && `as of position ${found.data.pages[0]?.position.toLocaleString('en')}`}
          </span>
          <span className="grow" />
          <button
            type="button"
            onClick={() =>
              void navigate({
                to: '/audit',
                search: (before) => ({ ...before, order: order === 'asc' ? undefined : 'asc' }),
              })
            }
          >
            {order === 'asc' ? 'Oldest first' : 'Newest first'}
          </button>
          <button type="button" disabled={found.isFetching} onClick={() => void found.refetch()}>
            Ask again
          </button>
        </div>
        <Search words={q} />
        {found.isPending && <Loading what="the audit" />}
        {found.isError && <Failed error={found.error} again={() => void found.refetch()} />}
        {found.isSuccess && events.length === 0 && <Empty>No event fits. Take a word out of the search.</Empty>}
        {events.length > 0 && (
          <EventTable
            events={events}
            chosen={event}
            onChoose={({ id }: AuditEvent) => show(id)}
            {...(found.hasNextPage && !found.isFetchingNextPage && { onEnd: () => void found.fetchNextPage() })}
          />
        )}
      </div>
      {event !== undefined && <EventDrawer key={event} id={event} onClose={() => show(undefined)} />}
    </article>
  );
}

function Search({ words }: { readonly words: string }) {
  const [typed, setTyped] = useState(words);
  const navigate = useNavigate();
  useEffect(() => setTyped(words), [words]);
  const { chips, text } = readSearch(words);
  const ask = (next: string): void =>
    void navigate({ to: '/audit', search: (before) => ({ ...before, q: next === '' ? undefined : next }) });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    ask(typed.trim());
  };
  return (
    <form role="search" onSubmit={submit}>
      <div className="row">
        <input
          data-search
          className="grow"
          aria-label="Search the audit"
          aria-describedby="search-help"
          placeholder='container:node-1/web type:checkpoint.ready "kernel upgrade"'
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
        />
        <button type="submit" className="primary">
          Search
        </button>
      </div>
      <p className="dim" id="search-help">
        {filterNames.map((name) => `${name}:`).join(' ')} and words of the reason
      </p>
      {chips.length > 0 && (
        <ul className="chips" aria-label="Filters">
          {chips.map((chip) => (
            <li key={`${chip.name} ${chip.value}`}>
              <button
                type="button"
                aria-label={`Take out ${chip.name} ${chip.value}`}
                onClick={() =>
                  ask(
                    writeSearch(
                      chips.filter((one) => one !== chip),
                      text,
                    ),
                  )
                }
              >
                {chip.name}: {chip.value} ×
              </button>
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}
