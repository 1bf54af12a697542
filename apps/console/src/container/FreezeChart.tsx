import type { AnswerOf, Routes } from '@stasis/api-contract';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

type Taken = AnswerOf<Routes['listCheckpoints']>['items'][number];

const mebibyte = 1024 * 1024;

/** Quantile `q` of what was measured so far, by rank. */
export function quantile(values: readonly number[], q: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/** Freeze (ms) and new bytes (MiB) of a container's checkpoints over time, with the freeze's median and p95. */
export function FreezeChart({ of }: { readonly of: readonly Taken[] }) {
  const place = useRef<HTMLDivElement>(null);
  const taken = of.filter(({ freezeMs }) => freezeMs !== undefined).toReversed();
  const freezes = taken.map(({ freezeMs = 0 }) => freezeMs);
  const said = `Frozen: median ${Math.round(quantile(freezes, 0.5) ?? 0)} ms, p95 ${Math.round(quantile(freezes, 0.95) ?? 0)} ms over ${taken.length} checkpoints`;
  const drawn = taken.map(({ id }) => id).join();

  useEffect(() => {
    const element = place.current;
    if (element === null || taken.length < 2) return;
    const style = getComputedStyle(element);
    const colour = (name: string): string => style.getPropertyValue(name);
    const axis = { stroke: colour('--dim'), grid: { stroke: colour('--line') }, ticks: { stroke: colour('--line') } };
    const plot = new uPlot(
      {
        width: element.clientWidth,
        height: 180,
        scales: { MiB: {} },
        axes: [axis, { ...axis, label: 'frozen, ms' }, { ...axis, scale: 'MiB', side: 1, label: 'new, MiB' }],
        series: [
          {},
          { label: 'frozen, ms', stroke: colour('--accent'), width: 2 },
          { label: 'new, MiB', scale: 'MiB', stroke: colour('--good'), width: 2 },
        ],
      },
      [
        taken.map(({ requestedAt }) => Date.parse(requestedAt) / 1000),
        freezes,
        taken.map(({ bytesNew }) => (bytesNew === undefined ? null : bytesNew / mebibyte)),
      ],
      element,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: 180 }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
    // Drawn anew when another checkpoint is there, not at each rendering.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [drawn]);

  if (taken.length < 2) return null;
  return (
    <figure>
      <div ref={place} className="chart" role="img" aria-label={said} />
      <figcaption className="dim">{said}</figcaption>
    </figure>
  );
}
