/** Numbers and instants as tables show them. */
export const bytes = (count: number | undefined): string => {
  if (count === undefined) return '-';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(1)} ${units[unit]}`;
};

export const milliseconds = (count: number | undefined): string =>
  count === undefined ? '-' : count < 1000 ? `${Math.round(count)} ms` : `${(count / 1000).toFixed(1)} s`;

/** How long ago an instant was: `12s`, `5m`, `3h`, `2d`. */
export const ago = (iso: string | undefined, now: number = Date.now()): string => {
  if (iso === undefined) return '-';
  const seconds = Math.max(0, Math.round((now - Date.parse(iso)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
};

/** `dev.stasis.checkpoint.ready.v1` as people say it: `checkpoint.ready`. */
export const shortType = (type: string): string => type.replace(/^dev\.stasis\./, '').replace(/\.v\d+$/, '');
