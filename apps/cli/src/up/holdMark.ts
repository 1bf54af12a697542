import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { liveMarkIn, markOf, removeMark, type ProcessMark } from './processMark.ts';

/** Makes a mark file this process's own, or tells which live process has it. A holder that died does not count. */
export const holdMark = (file: string): { readonly release: () => void } | { readonly holder: ProcessMark } => {
  mkdirSync(path.dirname(file), { recursive: true });
  const fresh = `${file}.${process.pid}`;
  writeFileSync(fresh, JSON.stringify(markOf(process.pid)));
  try {
    for (;;) {
      try {
        // A link appears whole or not at all, so nobody reads half a mark and takes the file too.
        linkSync(fresh, file);
        return { release: () => removeMark(file) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = liveMarkIn(file);
      if (holder !== undefined) return { holder };
      rmSync(file, { force: true });
    }
  } finally {
    rmSync(fresh, { force: true });
  }
};
