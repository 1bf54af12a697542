import type { DomainEvent, EventData } from '@stasis/events';
import { docsSection } from '@stasis/testing';
import { describe, expect, test } from 'vitest';
import {
  cancelCheckpoint,
  type CheckpointFact,
  type CheckpointState,
  evolveCheckpoint,
  noCheckpoint,
  openPhases,
  openRestorePhases,
  outcomes,
  recordCheckpointFact,
  recordRestoreFact,
  requestCheckpoint,
  restoreOutcomes,
  type RestoreFact,
  type RestoreState,
  voidCheckpoint,
} from './index.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const runtime = { name: 'runsc', version: 'v', platform: 'systrap' };
const cause = { reason: 'RuntimeFailed', message: 'it failed' } as const;
const request: EventData<'checkpoint.requested'> = {
  container: 'node-a/web-1',
  node: 'node-a',
  run: 'r1',
  generation: 1,
  leaveRunning: false,
  labels: {},
  deadline: '2026-11-24T12:15:00.000Z',
};
const facts: CheckpointFact[] = [
  { key: 'checkpoint.accepted', data: { attempt: 1 } },
  { key: 'checkpoint.refused', data: cause },
  { key: 'checkpoint.captured', data: { files: [], bytes: 1, freezeMs: 1, staging: 'disk', container: 'paused' } },
  { key: 'checkpoint.sealed', data: { manifestDigest: digest, bytes: 1, runtime, durationMs: 1 } },
  { key: 'checkpoint.stored', data: { store: 'file:///s', bytesNew: 1, bytesShared: 0, durationMs: 1 } },
  { key: 'checkpoint.verified', data: { manifestDigest: digest, bytes: 1, durationMs: 1 } },
  { key: 'checkpoint.ready', data: { container: 'stopped' } },
  { key: 'checkpoint.failed', data: { ...cause, container: 'stopped' } },
];
const states: [string, CheckpointState][] = [
  ...openPhases.map((phase): [string, CheckpointState] => [phase, { status: 'open', phase, request }]),
  ...outcomes.map((outcome): [string, CheckpointState] => [
    outcome,
    { status: 'ended', outcome, request, reconciled: [] },
  ]),
];

const restoreRequest: EventData<'restore.requested'> = {
  checkpoint: 'ckp_x',
  node: 'node-b',
  name: 'web-1',
  container: 'node-b/web-1',
  manifestDigest: digest,
  labels: {},
  deadline: '2026-11-24T12:15:00.000Z',
};
const restoreFacts: RestoreFact[] = [
  { key: 'restore.accepted', data: { attempt: 1 } },
  { key: 'restore.refused', data: { reasons: [cause] } },
  { key: 'restore.materialised', data: { bytes: 1, durationMs: 1 } },
  { key: 'restore.running', data: { run: 'r2', durationMs: 1 } },
  { key: 'restore.failed', data: cause },
];
const restoreStates: [string, RestoreState][] = [
  ...openRestorePhases.map((phase): [string, RestoreState] => [
    phase,
    { status: 'open', phase, request: restoreRequest },
  ]),
  ...restoreOutcomes.map((outcome): [string, RestoreState] => [
    outcome,
    { status: 'ended', outcome, request: restoreRequest, reconciled: [] },
  ]),
];

const word = (key: string): string => key.slice(key.indexOf('.') + 1);
const cell = (events: readonly DomainEvent[]): string => events.map((event) => word(event.key)).join(', ') || '·';
const markdown = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

test('docs/events.md holds the whole table of checkpoints: every (state, fact) pair', () => {
  const rows = states.map(([name, state]) => [
    name,
    ...facts.map((fact) => cell(recordCheckpointFact(state, fact, 'evt_1'))),
  ]);
  const table = markdown(['state', ...facts.map((fact) => word(fact.key))], rows);
  const { written, expected } = docsSection('events.md', 'checkpoint transitions', table);
  expect(written).toBe(expected);
});

test('docs/events.md holds the whole table of restores', () => {
  const rows = restoreStates.map(([name, state]) => [
    name,
    ...restoreFacts.map((fact) => cell(recordRestoreFact(state, fact, 'evt_1'))),
  ]);
  const table = markdown(['state', ...restoreFacts.map((fact) => word(fact.key))], rows);
  const { written, expected } = docsSection('events.md', 'restore transitions', table);
  expect(written).toBe(expected);
});

describe('a checkpoint', () => {
  const terminal = new Set(outcomes.map((outcome) => `checkpoint.${outcome}`));
  const play = (order: readonly CheckpointFact[]) => {
    let state = evolveCheckpoint(noCheckpoint, { key: 'checkpoint.requested', data: request });
    const recorded: DomainEvent[] = [];
    for (const [n, fact] of order.entries())
      for (const event of recordCheckpointFact(state, fact, `evt_${n}`)) {
        recorded.push(event);
        state = evolveCheckpoint(state, event);
      }
    return recorded;
  };
  const shuffled = (seed: number) => {
    let x = seed;
    const random = () => (x = (x * 48271) % 2147483647) / 2147483647;
    return Array.from({ length: 30 }, () => facts[Math.floor(random() * facts.length)]!);
  };

  test('ends at most once, whatever facts come in whatever order and however often', () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const ends = play(shuffled(seed)).filter((event) => terminal.has(event.key));
      expect(ends.length, `seed ${seed}`).toBeLessThanOrEqual(1);
    }
  });

  test('is never ready unless it was verified', () => {
    for (let seed = 1; seed <= 2000; seed++) {
      const keys = play(shuffled(seed)).map((event) => event.key);
      const ready = keys.indexOf('checkpoint.ready');
      expect(ready < 0 || keys.slice(0, ready).includes('checkpoint.verified'), `seed ${seed}`).toBe(true);
    }
  });

  test('a fact that is delivered twice is recorded once', () => {
    const once = play(facts.slice(0, 7).filter((fact) => fact.key !== 'checkpoint.refused'));
    const twice = play(
      facts
        .slice(0, 7)
        .filter((fact) => fact.key !== 'checkpoint.refused')
        .flatMap((fact) => [fact, fact]),
    );
    expect(twice).toEqual(once);
  });

  test('is canceled before the node began and not afterwards', () => {
    expect(
      cancelCheckpoint({ status: 'open', phase: 'requested', request }, undefined).map((event) => event.key),
    ).toEqual(['checkpoint.canceled']);
    expect(() => cancelCheckpoint({ status: 'open', phase: 'accepted', request }, undefined)).toThrow(/past the point/);
    expect(() => cancelCheckpoint({ status: 'ended', outcome: 'ready', request, reconciled: [] }, undefined)).toThrow(
      /has ended/,
    );
    expect(cancelCheckpoint({ status: 'ended', outcome: 'canceled', request, reconciled: [] }, undefined)).toEqual([]);
  });

  test('a request for a stopped container is recorded and refused in one decision', () => {
    const events = requestCheckpoint({ request, containerStatus: 'stopped', nodeIsLost: false }, noCheckpoint);
    expect(events.map((event) => event.key)).toEqual(['checkpoint.requested', 'checkpoint.refused']);
  });

  test('is voided only while it is open', () => {
    for (const [, state] of states) expect(voidCheckpoint(state, cause).length).toBe(state.status === 'open' ? 1 : 0);
  });

  test('a late image is reconciled once and makes it adoptable', () => {
    let state: CheckpointState = { status: 'ended', outcome: 'canceled', request, reconciled: [] };
    const verified = facts[5]!;
    const [first] = recordCheckpointFact(state, verified, 'evt_1');
    expect(first).toMatchObject({ key: 'checkpoint.reconciled', data: { image: 'exists', manifestDigest: digest } });
    state = evolveCheckpoint(state, first!);
    expect(recordCheckpointFact(state, verified, 'evt_2')).toEqual([]);
  });
});
