import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { StasisError } from '@stasis/errors';

/** The checkout that this file is part of. */
export const checkout = resolve(import.meta.dirname, '../../../..');

/** Where the checkout keeps its tools, whatever STASIS_HOME is. */
export const toolsDir = (): string => resolve(process.env['STASIS_TOOLS'] ?? join(checkout, '.stasis'));

/**
 * The runsc to use: the one named, else STASIS_RUNSC, else the checkout's `.stasis/bin/runsc`, else the first in PATH.
 * `undefined` when there is none.
 */
export function findRunsc(named?: string): string | undefined {
  const given = named ?? (process.env['STASIS_RUNSC'] || undefined);
  if (given !== undefined) return given.includes('/') ? resolve(given) : inPath(given);
  const own = join(toolsDir(), 'bin', 'runsc');
  return isExecutable(own) ? own : inPath('runsc');
}

/** @throws StasisError RuntimeFailed when no runsc can be found. */
export function locateRunsc(named?: string): string {
  const found = findRunsc(named);
  if (found === undefined)
    throw new StasisError('RuntimeFailed', `no runsc binary was found${named === undefined ? '' : ` as ${named}`}`, {
      next: 'Name one with --runsc or STASIS_RUNSC, or run `npm run setup`.',
    });
  return found;
}

/** runsc's own default (gvisor runsc/config): /var/run/runsc as root, else $XDG_RUNTIME_DIR/runsc where that is set. */
export function defaultRoot(): string {
  const runtimeDir = process.env['XDG_RUNTIME_DIR'];
  return process.getuid?.() !== 0 && runtimeDir ? join(runtimeDir, 'runsc') : '/var/run/runsc';
}

const inPath = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable);

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
