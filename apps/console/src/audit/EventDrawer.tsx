import { type AuditEvent, shortType } from '@stasis/api-contract';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Facts } from '../parts/Facts.tsx';
import { Failed, Loading } from '../parts/States.tsx';
import { At, Id } from '../parts/Words.tsx';
import { api } from '../session/client.ts';
import { CheckEvent } from './CheckEvent.tsx';

/** One event: who, why, by which policy, what it belongs to, all of it as JSON, and the check of its proof. */
export function EventDrawer({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const asked = useQuery({
    queryKey: ['audit', 'event', id],
    staleTime: Infinity,
    queryFn: () => api.getEvent({ params: { id } }),
  });
  return (
    <aside className="drawer" aria-label="Event">
      <div className="row">
        <h2>{asked.data === undefined ? 'Event' : shortType(asked.data.type)}</h2>
        <span className="grow" />
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      {asked.isPending && <Loading what="the event" />}
      {asked.isError && <Failed error={asked.error} again={() => void asked.refetch()} />}
      {asked.data !== undefined && <Shown event={asked.data} />}
    </aside>
  );
}

function Shown({ event }: { readonly event: AuditEvent }) {
  return (
    <>
      <Facts
        of={{
          Id: <Id of={event.id} />,
          About: event.subject,
          Happened: <At at={event.time} />,
          Recorded: <At at={event.recordedtime} />,
          Place: `${event.ledger}, position ${event.position}`,
          Who: <Id of={`${event.authtype} ${event.authid}`} />,
          Why: event.reasonText,
          'Allowed by': event.policyid,
          Correlation: (
            <Link to="/audit" search={{ q: `correlation:${event.correlationid}`, order: 'asc' }}>
              <Id of={event.correlationid} />
            </Link>
          ),
          'Caused by': event.causationid && (
            <Link to="/audit" search={(before) => ({ ...before, event: event.causationid })}>
              <Id of={event.causationid} />
            </Link>
          ),
        }}
      />
      <CheckEvent event={event} />
      <h3>As recorded</h3>
      <pre tabIndex={0}>{JSON.stringify(event, null, 2)}</pre>
    </>
  );
}
