import { readFileSync } from 'node:fs';
import path from 'node:path';
import { findRunsc } from './doctor.ts';
import { checkout } from './up/places.ts';

/** What `stasis --version` says: Stasis, the runtime that it would use, and the Node that it runs on. */
export const versions = async (): Promise<string> => {
  const { version } = JSON.parse(readFileSync(path.join(checkout, 'package.json'), 'utf8')) as { version: string };
  const [runsc] = await findRunsc();
  const runtime = runsc === undefined || runsc.state === 'no' ? 'no runsc' : `runsc ${runsc.found}`;
  return `stasis ${version}\n${runtime}\nnode ${process.version}\n`;
};
