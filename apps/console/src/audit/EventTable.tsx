import { type AuditEvent, shortType } from '@stasis/api-contract';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { At } from '../parts/Words.tsx';

const rowHeight = 32;

/** Events in a list of which only the rows in view are there. `onEnd` is called when the last row comes into view. */
export function EventTable(props: {
  readonly events: readonly AuditEvent[];
  readonly chosen: string | undefined;
  readonly onChoose: (event: AuditEvent) => void;
  readonly onEnd?: () => void;
}) {
  const { events, chosen, onChoose, onEnd } = props;
  const place = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: events.length,
    getScrollElement: () => place.current,
    estimateSize: () => rowHeight,
    overscan: 12,
  });
  const shown = rows.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= events.length - 1) onEnd?.();
  }, [last, events.length, onEnd]);

  const move = (by: number): void => {
    const at = events.findIndex(({ id }) => id === chosen);
    const next = events[Math.max(0, Math.min(events.length - 1, at + by))];
    if (next !== undefined) onChoose(next);
  };

  return (
    <div
      ref={place}
      className="rows"
      role="grid"
      aria-label="Events"
      aria-rowcount={events.length}
      tabIndex={0}
      onKeyDown={({ key }) => {
        if (key === 'j' || key === 'ArrowDown') move(1);
        if (key === 'k' || key === 'ArrowUp') move(-1);
      }}
    >
      <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {shown.map(({ index, start }) => {
          const event = events[index]!;
          return (
            <div
              key={event.id}
              role="row"
              aria-rowindex={index + 1}
              aria-selected={event.id === chosen}
              className="event-row"
              style={{ transform: `translateY(${start}px)`, height: rowHeight }}
              onClick={() => onChoose(event)}
            >
              <span role="gridcell" className="number">
                {event.position}
              </span>
              <span role="gridcell">
                <At at={event.time} />
              </span>
              <span role="gridcell">{shortType(event.type)}</span>
              <span role="gridcell" className="dim">
                {event.subject}
              </span>
              <span role="gridcell" className="dim">
                {event.reasonText}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
