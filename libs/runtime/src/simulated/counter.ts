import { appendFileSync } from 'node:fs';
import type { SimulatedState } from './stateStore.ts';

/** Lines that one catch-up appends at most; a container that nobody looked at for hours skips the rest. */
const mostLines = 1_000;

/** What the simulated program has counted to at `now` (milliseconds since 1970). */
export const countAt = (state: SimulatedState, now: number, periodMs: number): number =>
  state.status === 'running' ? state.count + Math.max(0, Math.floor((now - state.since) / periodMs)) : state.count;

/** The same state with the counter brought up to `now` and the lines it would have printed appended to its log. */
export function caughtUp(state: SimulatedState, now: number, periodMs: number): SimulatedState {
  const count = countAt(state, now, periodMs);
  if (count === state.logged) return state;
  const first = Math.max(state.logged + 1, count - mostLines + 1);
  const lines = Array.from({ length: Math.max(0, count - first + 1) }, (_, i) => line(state, first + i));
  appendFileSync(state.logFile, lines.join(''), { mode: 0o600 });
  return { ...state, count, since: state.since + (count - state.count) * periodMs, logged: count };
}

/** Every line says that nothing real was run. */
const line = (state: SimulatedState, count: number): string =>
  `simulated ${JSON.stringify({ count, secret: state.secret })}\n`;
