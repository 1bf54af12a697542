import { useEffect, useRef } from 'react';

/** How long the second key of a pair may take, in ms. */
const pairMs = 800;

/**
 * Keys of the page: `x`, `mod+x` (Ctrl, or Command), or a pair `g f` typed one after the other. Silent while the reader
 * types into a field.
 */
export function useKeys(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    let first: { key: string; at: number } | undefined;
    const onKey = (event: KeyboardEvent): void => {
      const inField = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
      const mod = event.ctrlKey || event.metaKey;
      if (event.altKey || (inField && !mod)) return;
      const pair = first !== undefined && Date.now() - first.at < pairMs ? `${first.key} ${event.key}` : undefined;
      const act = latest.current[mod ? `mod+${event.key}` : (pair ?? event.key)] ?? latest.current[event.key];
      first = { key: event.key, at: Date.now() };
      if (act === undefined || (mod && latest.current[`mod+${event.key}`] === undefined)) return;
      event.preventDefault();
      act();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
