import { StasisError } from '@stasis/errors';
import type { Compression } from '@stasis/runtime';
import { parseGoFlags } from '@stasis/runtime/command-line';

export const checkpointUsage = `checkpoint [flags] <container id> - save current state of container.
  -compression value
    \tcompress checkpoint image on disk. Values: none|flate-best-speed. (default none)
  -image-path string
    \tdirectory path to saved container image
  -leave-running
    \trestart the container after checkpointing
  -work-path string
    \tignored
`;

export interface CheckpointFlags {
  readonly id: string;
  /** Empty when the flag was not given: told only after the container was found, as runsc does. */
  readonly imagePath: string;
  readonly leaveRunning: boolean;
  readonly compression: Compression;
}

/** @throws StasisError Usage */
export function parseCheckpointFlags(words: readonly string[]): CheckpointFlags {
  const { texts, switches, rest } = parseGoFlags(words, {
    'image-path': 'text',
    'leave-running': 'switch',
    'work-path': 'text',
    compression: ['none', 'flate-best-speed'],
  });
  const [id] = rest;
  if (id === undefined || rest.length !== 1) throw new StasisError('Usage', '');
  return {
    id,
    imagePath: texts['image-path'] ?? '',
    leaveRunning: switches.has('leave-running'),
    compression: texts['compression'] === 'flate-best-speed' ? 'flate-best-speed' : 'none',
  };
}
