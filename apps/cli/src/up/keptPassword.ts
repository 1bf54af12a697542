import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A password of this installation: made at its first use, then kept in the home for its owner alone. */
export const keptPassword = (home: string, name: string): string => {
  const file = path.join(home, name);
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('hex'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
};
