import type { ContainerListed } from '@stasis/api-contract';
import { Link, useNavigate } from '@tanstack/react-router';
import { createColumnHelper, tableFeatures, useTable } from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState } from 'react';
import { Status } from '../parts/Status.tsx';
import { Ago } from '../parts/Words.tsx';

const rowHeight = 34;

// Filters and order are the api's: a page of the fleet is not the fleet.
const features = tableFeatures({});
const column = createColumnHelper<typeof features, ContainerListed>();
const columns = column.columns([
  column.accessor('id', {
    header: 'Container',
    cell: ({ row }) => (
      <Link
        to="/containers/$node/$name"
        params={{ node: row.original.node, name: row.original.name }}
        search={true}
        tabIndex={-1}
      >
        {row.original.id}
      </Link>
    ),
  }),
  column.accessor('status', { header: 'State', cell: ({ getValue }) => <Status is={getValue()} /> }),
  column.accessor('generation', { header: 'Generation' }),
  column.accessor('runtime', { header: 'Runtime', cell: ({ getValue }) => getValue() ?? '–' }),
  column.accessor('startedAt', { header: 'Started', cell: ({ getValue }) => <Ago at={getValue()} /> }),
  column.accessor('lastReady', {
    header: 'Last Ready',
    cell: ({ getValue }) => {
      const newest = getValue();
      if (newest === null) return <span className="dim">none</span>;
      return (
        <Link to="/checkpoints/$id" params={{ id: newest.id }} search={true} tabIndex={-1}>
          <Ago at={newest.capturedAt} />
        </Link>
      );
    },
  }),
]);

/** Every container in a list of which only the rows in view are in the page. `j` and `k` move, Enter opens. */
export function ContainerTable(props: {
  readonly containers: readonly ContainerListed[];
  /** The last row came into view. */
  readonly onEnd?: () => void;
}) {
  const { containers, onEnd } = props;
  const place = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const [chosen, setChosen] = useState(0);
  const table = useTable({ features, data: containers, columns, getRowId: ({ id }) => id });
  const rows = table.getRowModel().rows;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => rowHeight,
    overscan: 10,
  });
  const shown = virtual.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - 1) onEnd?.();
  }, [last, rows.length, onEnd]);

  const onKey = (key: string): void => {
    const step = key === 'j' || key === 'ArrowDown' ? 1 : key === 'k' || key === 'ArrowUp' ? -1 : 0;
    const next = Math.max(0, Math.min(rows.length - 1, chosen + step));
    if (step !== 0) {
      setChosen(next);
      virtual.scrollToIndex(next);
    }
    const row = rows[chosen]?.original;
    if (key === 'Enter' && row !== undefined)
      void navigate({ to: '/containers/$node/$name', params: { node: row.node, name: row.name }, search: true });
  };

  return (
    <div className="grid" role="grid" aria-label="Containers" aria-rowcount={rows.length + 1}>
      <div role="rowgroup">
        {table.getHeaderGroups().map((group) => (
          <div key={group.id} role="row" className="grid-row head" aria-rowindex={1}>
            {group.headers.map((header) => (
              <span key={header.id} role="columnheader">
                <table.FlexRender header={header} />
              </span>
            ))}
          </div>
        ))}
      </div>
      <div ref={place} className="rows" role="rowgroup" tabIndex={0} onKeyDown={({ key }) => onKey(key)}>
        <div role="presentation" style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {shown.map(({ index, start }) => {
            const row = rows[index]!;
            return (
              <div
                key={row.id}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={index === chosen}
                className="grid-row"
                style={{ transform: `translateY(${start}px)`, height: rowHeight }}
              >
                {row.getAllCells().map((cell) => (
                  <span key={cell.id} role="gridcell">
                    <table.FlexRender cell={cell} />
                  </span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
