import { watch, type FSWatcher } from 'node:fs';

const quietMs = 50;
const retryMs = 250;

/**
 * Calls back once things beneath `directory` (not deeper) have been quiet for 50 ms. A directory that does not exist yet
 * or is removed is looked for again four times a second. Keeps no process alive. Returns the stop function.
 */
export function watchDirectory(directory: string, onChange: () => void): () => void {
  let watcher: FSWatcher | undefined;
  let quiet: NodeJS.Timeout | undefined;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;
  const changed = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(onChange, quietMs);
    quiet.unref();
  };
  const lost = (): void => {
    watcher?.close();
    watcher = undefined;
    if (stopped) return;
    retry = setTimeout(() => begin() && changed(), retryMs);
    retry.unref();
  };
  const begin = (): boolean => {
    try {
      watcher = watch(directory, { persistent: false });
    } catch {
      lost();
      return false;
    }
    watcher.on('change', changed).on('error', lost);
    return true;
  };
  begin();
  return () => {
    stopped = true;
    clearTimeout(quiet);
    clearTimeout(retry);
    watcher?.close();
  };
}
