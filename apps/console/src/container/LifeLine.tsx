import { shortType } from '@stasis/api-contract';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Failed, Loading } from '../parts/States.tsx';
import { At } from '../parts/Words.tsx';
import { api } from '../session/client.ts';
import { useMay } from '../session/useMay.ts';

/**
 * What happened to a container across its generations, newest first, as far as the reader may see the audit. Reading the
 * audit is itself recorded, so it is read once, and again when asked.
 */
export function LifeLine({ id }: { readonly id: string }) {
  const may = useMay();
  const mayRead = may('audit.read');
  const life = useQuery({
    queryKey: ['audit', 'life', id],
    staleTime: Infinity,
    queryFn: () => api.listEvents({ query: { container: id, order: 'desc', limit: 50 } }),
    enabled: mayRead,
  });
  if (!mayRead) return null;
  return (
    <section aria-labelledby="life">
      <div className="row">
        <h2 id="life">Its life</h2>
        <button type="button" disabled={life.isFetching} onClick={() => void life.refetch()}>
          Read again
        </button>
      </div>
      {life.isPending && <Loading what="its life" />}
      {life.isError && <Failed error={life.error} again={() => void life.refetch()} />}
      <ol className="life">
        {life.data?.items.map((event) => (
          <li key={event.id}>
            <At at={event.time} />
            <Link to="/audit" search={{ event: event.id, q: `container:${id}` }}>
              {shortType(event.type)}
            </Link>
            <span className="dim">{event.reasonText ?? (event.subject === id ? '' : event.subject)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
