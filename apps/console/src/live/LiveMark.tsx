import { useSyncExternalStore } from 'react';
import { Ago } from '../parts/Words.tsx';
import { readLive, subscribeLive } from './live.ts';

/** Whether the page follows what happens, and since when it does not. */
export function LiveMark() {
  const live = useSyncExternalStore(subscribeLive, readLive);
  if (live.state === 'open') return <span className="live open">live</span>;
  if (live.state === 'connecting') return <span className="live">connecting</span>;
  return (
    <span className="live broken" role="status" title={live.why}>
      stale since <Ago at={new Date(live.since).toISOString()} />
    </span>
  );
}
