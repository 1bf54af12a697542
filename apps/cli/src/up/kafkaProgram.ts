import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { markOf, type ProcessMark } from './processMark.ts';

/** The broker that a crash left running on these properties; found by its command line, since Kafka keeps no pid file. */
export const brokerOf = (properties: string): ProcessMark | undefined => {
  for (const file of globSync('/proc/[0-9]*/cmdline')) {
    try {
      const words = readFileSync(file, 'utf8').split('\0');
      if (words.includes('kafka.Kafka') && words.includes(properties))
        return markOf(Number(path.basename(path.dirname(file))));
    } catch (error) {
      // A process that ended while we looked.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
  return undefined;
};
