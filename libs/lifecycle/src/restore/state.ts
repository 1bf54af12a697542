import type { DomainEvent, EventData } from '@stasis/events';

export const openRestorePhases = ['requested', 'accepted', 'materialised'] as const;
export type OpenRestorePhase = (typeof openRestorePhases)[number];
export const restoreOutcomes = ['running', 'failed', 'refused', 'canceled', 'voided'] as const;
export type RestoreOutcome = (typeof restoreOutcomes)[number];

export type RestoreState =
  | { readonly status: 'none' }
  | { readonly status: 'open'; readonly phase: OpenRestorePhase; readonly request: EventData<'restore.requested'> }
  | {
      readonly status: 'ended';
      readonly outcome: RestoreOutcome;
      readonly request: EventData<'restore.requested'>;
      readonly reconciled: readonly string[];
    };

export const noRestore: RestoreState = { status: 'none' };

const isPhase = (word: string): word is OpenRestorePhase => (openRestorePhases as readonly string[]).includes(word);
const isOutcome = (word: string): word is RestoreOutcome => (restoreOutcomes as readonly string[]).includes(word);

export function evolveRestore(state: RestoreState, event: DomainEvent): RestoreState {
  if (event.key === 'restore.requested') return { status: 'open', phase: 'requested', request: event.data };
  if (state.status === 'none') return state;
  if (event.key === 'restore.reconciled')
    return state.status === 'ended' ? { ...state, reconciled: [...state.reconciled, event.data.factType] } : state;
  const word = event.key.slice('restore.'.length);
  if (state.status === 'open' && isPhase(word)) return { ...state, phase: word };
  if (state.status === 'open' && isOutcome(word))
    return { status: 'ended', outcome: word, request: state.request, reconciled: [] };
  return state;
}
