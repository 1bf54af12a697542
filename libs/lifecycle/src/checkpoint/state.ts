import type { DomainEvent, EventData } from '@stasis/events';

/** Steps of a checkpoint that is not over, in the order in which facts can come. */
export const openPhases = ['requested', 'accepted', 'captured', 'sealed', 'stored', 'verified'] as const;
export type OpenPhase = (typeof openPhases)[number];
export const outcomes = ['ready', 'failed', 'refused', 'canceled', 'voided'] as const;
export type Outcome = (typeof outcomes)[number];

export type CheckpointState =
  | { readonly status: 'none' }
  | { readonly status: 'open'; readonly phase: OpenPhase; readonly request: EventData<'checkpoint.requested'> }
  | {
      readonly status: 'ended';
      readonly outcome: Outcome;
      readonly request: EventData<'checkpoint.requested'>;
      /** Types of late facts that were reconciled already. */
      readonly reconciled: readonly string[];
    };

export const noCheckpoint: CheckpointState = { status: 'none' };

const isOpenPhase = (word: string): word is OpenPhase => (openPhases as readonly string[]).includes(word);
const isOutcome = (word: string): word is Outcome => (outcomes as readonly string[]).includes(word);

/** Folds one recorded event. Events of a later life (expired, deleted) do not change what was decided. */
export function evolveCheckpoint(state: CheckpointState, event: DomainEvent): CheckpointState {
  if (event.key === 'checkpoint.requested') return { status: 'open', phase: 'requested', request: event.data };
  if (state.status === 'none') return state;
  if (event.key === 'checkpoint.reconciled')
    return state.status === 'ended' ? { ...state, reconciled: [...state.reconciled, event.data.factType] } : state;
  const word = event.key.slice('checkpoint.'.length);
  if (state.status === 'open' && isOpenPhase(word)) return { ...state, phase: word };
  if (state.status === 'open' && isOutcome(word))
    return { status: 'ended', outcome: word, request: state.request, reconciled: [] };
  return state;
}
