import { statusTable, type ContainerStatus } from '@stasis/container';
import type { CheckpointPhase, RestorePhase } from '@stasis/lifecycle';

type Tone = 'good' | 'busy' | 'bad' | 'off';

const phaseTones: Readonly<Record<CheckpointPhase | RestorePhase, Tone>> = {
  Requested: 'busy',
  Accepted: 'busy',
  Captured: 'busy',
  Sealed: 'busy',
  Stored: 'busy',
  Verified: 'busy',
  Materialised: 'busy',
  Ready: 'good',
  Running: 'good',
  Failed: 'bad',
  Refused: 'bad',
  Voided: 'bad',
  Canceled: 'off',
  Expired: 'off',
  Deleted: 'off',
};

/** The word is the mark; the colour only helps. */
export const Phase = ({ is }: { readonly is: CheckpointPhase | RestorePhase }) => (
  <span className={`mark ${phaseTones[is]}`}>{is}</span>
);

const toneOf = (status: ContainerStatus): Tone =>
  status === 'running' ? 'good' : statusTable[status].isAlive ? 'busy' : 'off';

export const Status = ({ is }: { readonly is: ContainerStatus }) => <span className={`mark ${toneOf(is)}`}>{is}</span>;
