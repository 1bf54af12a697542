import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import path from 'node:path';

/** Writes a file so that after a crash there is the old one or the whole new one. The new one is 0600. */
export const writeDurably = (file: string, text: string): void => {
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const fresh = path.join(folder, `.${path.basename(file)}.${process.pid}.tmp`);
  synced(openSync(fresh, 'w', 0o600), text);
  renameSync(fresh, file);
  synced(openSync(folder, 'r'));
};

const synced = (handle: number, text?: string): void => {
  try {
    if (text !== undefined) writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
};
