import { type AuditEvent, shortType } from '@stasis/api-contract';
import { Link } from '@tanstack/react-router';
import { At } from '../parts/Words.tsx';

/** The recorded events of one thing, oldest first, each with its place in the ledger. */
export const Timeline = ({ of }: { readonly of: readonly AuditEvent[] }) => (
  <section aria-labelledby="events">
    <h2 id="events">Events</h2>
    <ol className="life">
      {of.map((event) => (
        <li key={event.id}>
          <At at={event.time} />
          <Link to="/audit" search={{ event: event.id }}>
            {shortType(event.type)}
          </Link>
          <span className="dim">
            {event.source.replace('/stasis/', '')} · position {event.position}
          </span>
        </li>
      ))}
    </ol>
  </section>
);
