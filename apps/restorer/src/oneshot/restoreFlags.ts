import { StasisError } from '@stasis/errors';
import { parseGoFlags } from '@stasis/runtime/command-line';

export const restoreUsage = `restore [flags] <container id> - restore saved state of container.
  -background
    \tallow image loading to continue after restore exits (requires uncompressed checkpoint)
  -bundle string
    \tpath to the root of the bundle directory, defaults to the current directory
  -detach
    \tdetach from the container's process
  -image-path string
    \tdirectory path to saved container image
  -work-path string
    \tignored
`;

export interface RestoreFlags {
  readonly id: string;
  readonly imagePath: string;
  readonly bundle: string;
  readonly detach: boolean;
  readonly background: boolean;
}

/** @throws StasisError Usage */
export function parseRestoreFlags(words: readonly string[]): RestoreFlags {
  const { texts, switches, rest } = parseGoFlags(words, {
    'image-path': 'text',
    bundle: 'text',
    'work-path': 'text',
    detach: 'switch',
    background: 'switch',
  });
  const [id] = rest;
  if (id === undefined || rest.length !== 1) throw new StasisError('Usage', '');
  return {
    id,
    imagePath: texts['image-path'] ?? '',
    bundle: texts['bundle'] || '.',
    detach: switches.has('detach'),
    background: switches.has('background'),
  };
}
