import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf, StasisError } from '@stasis/errors';
import { holdMark } from '../up/holdMark.ts';
import { writeDurably } from './durably.ts';

/** What a witness remembers, in a directory that is its own: one witness at a time, and synced before it signs. */
export interface WitnessState {
  /** The ledger's key as it was first seen. */
  readonly key: Slot;
  /** The last tree head that was found to be consistent: the signed note. */
  readonly last: Slot;
  /** Keeps the two heads that contradict each other. @returns the folder that holds them */
  keepEvidence(seen: string, shown: string, at: Date): string;
}

export interface Slot {
  read(): string | undefined;
  write(text: string): void;
}

/**
 * Takes the directory for this process; `release` gives it back. One that died left nothing that counts.
 * @throws StasisError ConfigInvalid when another witness works there.
 */
export const openWitnessState = (directory: string): { of(ledger: string): WitnessState; release: () => void } => {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const held = holdMark(path.join(directory, 'lock'));
  if ('holder' in held)
    throw new StasisError('ConfigInvalid', `another witness (pid ${held.holder.pid}) works in ${directory}`, {
      next: 'Give --state a directory of its own.',
    });
  return {
    of: (ledger) => {
      const folder = path.join(directory, ledger);
      return {
        key: slotOf(path.join(folder, 'key.pub')),
        last: slotOf(path.join(folder, 'last.note')),
        keepEvidence: (seen, shown, at) => {
          const evidence = path.join(folder, 'evidence', at.toISOString().replaceAll(':', ''));
          writeDurably(path.join(evidence, 'seen.note'), seen);
          writeDurably(path.join(evidence, 'shown.note'), shown);
          return evidence;
        },
      };
    },
    release: held.release,
  };
};

const slotOf = (file: string): Slot => ({
  read: () => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new StasisError('ConfigInvalid', `${file} cannot be read: ${messageOf(error)}`);
    }
  },
  write: (text) => writeDurably(file, text),
});
