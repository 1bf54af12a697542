import type { AuditEvent, AuditTrail } from '@stasis/api-contract';
import { describe, expect, it } from 'vitest';
import { checkClaims } from './claims.ts';
import type { Count } from './counterLog.ts';
import { type Findings, reportOf } from './report.ts';
import { milestones } from './trail.ts';

const at = '2026-11-24T10:00:00.000Z';
const counts = (from: number, to: number, secret = 's'): Count[] =>
  Array.from({ length: to - from + 1 }, (_, n) => ({ count: from + n, secret }));

const checkpoint = (id: string): Findings['story']['checkpoints'][number] => ({
  ...{ id, ledger: 'default', container: 'node-a/counter', node: 'node-a', run: 'r', generation: 1 },
  ...{ leaveRunning: true, labels: {}, requestedBy: 'sub_1', requestedAt: at, deadline: at, phase: 'Ready' },
  ...{ conditions: [{ type: 'Ready', status: 'True', reason: 'Ready', message: 'm', at }] },
  ...{ freezeMs: 60, bytes: 70_000_000, adoptable: false, position: 3, requestedPosition: 1, timeline: [] },
});

const subjects = ['node-a/counter', 'ckp_1', 'ckp_2', 'node-a/counter', 'node-b/counter', 'rst_1'];
const events = milestones.map((type, n) => ({
  ...{ id: `evt_${n + 1}`, position: n + 1, type: `dev.stasis.${type}.v1`, subject: subjects[n], time: at, data: {} },
})) as unknown as Findings['events'];

const trail: AuditTrail = {
  ...{ of: 'node-a/counter', kind: 'container', containers: ['node-a/counter', 'node-b/counter'], more: false },
  items: events.map((event) => ({ container: 'node-a/counter', event })),
  ...{ position: 6, consistency: 'strong', read: 'evt_9' },
};

const verdict = (check: 'inclusion' | 'signature', holds: boolean): Findings['offline']['proof'] => ({
  ...{ holds, checks: [{ check, holds, says: '' }], event: { id: 'evt_6' }, position: 6, treeSize: 6 },
});

/** What a demo finds in which everything is as it should be. */
const good: Findings = {
  bus: { kind: 'postgres', version: '18.4' },
  node: undefined,
  story: {
    container: 'node-a/counter',
    checkpoints: [checkpoint('ckp_1'), checkpoint('ckp_2')],
    restore: {
      ...{ id: 'rst_1', ledger: 'default', checkpoint: 'ckp_2', node: 'node-b', name: 'counter' },
      ...{ container: 'node-b/counter', manifestDigest: 'd', labels: {}, requestedBy: 'sub_1', requestedAt: at },
      ...{ deadline: at, phase: 'Running', conditions: [], reasons: [], twin: false, position: 9 },
      ...{ requestedPosition: 7, timeline: [] },
    },
    ...{ countAtCheckpoint: 40, countWhenReady: 48, countedBetween: 10 },
    ...{ before: counts(1, 60), writtenAfterKill: 0, sourceStatus: 'stopped', after: counts(43, 55) },
  },
  events,
  verification: { ledger: 'default', size: 6, verified: true, treeHeads: { kept: 1, outside: 1 }, durationMs: 1 },
  signed: true,
  trail,
  offline: { proof: verdict('inclusion', true), forged: verdict('inclusion', false) },
  refusal: {
    code: 'NotAuthorised',
    next: 'It takes another role.',
    recorded: {
      id: 'evt_1',
      type: 'dev.stasis.access.denied.v1',
      data: { action: 'restore.request', resource: { kind: 'Checkpoint' }, code: 'NotAuthorised', policies: [] },
    } as unknown as AuditEvent,
    restoresBefore: 1,
    restoresAfter: 1,
  },
};
const withStory = (change: Partial<Findings['story']>): Findings => ({ ...good, story: { ...good.story, ...change } });
const withRefusal = (change: Partial<Findings['refusal']>): Findings => ({
  ...good,
  refusal: { ...good.refusal, ...change },
});
const withTrail = (change: Partial<AuditTrail>): Findings => ({ ...good, trail: { ...trail, ...change } });
const withOffline = (change: Partial<Findings['offline']>): Findings => ({
  ...good,
  offline: { ...good.offline, ...change },
});
const failed = (findings: Findings): string[] =>
  checkClaims(findings)
    .filter(({ shown }) => !shown)
    .map(({ claim }) => claim);

it('finds every claim shown when all is as it should be', () => {
  expect(failed(good)).toEqual([]);
  expect(reportOf(good).continuity).toEqual({
    ...{ secretBefore: 's', secretAfter: 's', countAtCheckpoint: 40, firstCountAfter: 43, restarted: false },
  });
});

describe('a claim is not shown', () => {
  it.each<[string, Findings, RegExp]>([
    [
      'when a checkpoint is not Ready',
      withStory({ checkpoints: [checkpoint('a'), { ...checkpoint('b'), conditions: [] }] }),
      /are Ready/,
    ],
    ['when there is one checkpoint', withStory({ checkpoints: [checkpoint('a')] }), /are Ready/],
    [
      'when a count is missing before the kill',
      withStory({ before: [...counts(1, 20), ...counts(22, 60)] }),
      /went on while/,
    ],
    ['when it stood still after a checkpoint', withStory({ countedBetween: 0 }), /went on while/],
    ['when the source still writes', withStory({ writtenAfterKill: 1 }), /was gone before/],
    ['when the source still runs', withStory({ sourceStatus: 'running' }), /was gone before/],
    ['when nothing runs elsewhere', withStory({ after: [] }), /other node/],
    ['when the secret is another', withStory({ after: counts(43, 55, 'other') }), /same program/],
    ['when it went on from before the checkpoint', withStory({ after: counts(40, 55) }), /second checkpoint/],
    ['when it began anew', withStory({ after: counts(1, 20) }), /second checkpoint/],
    ['when it went on from where it was killed', withStory({ after: counts(61, 75) }), /second checkpoint/],
    ['when it left out a count', withStory({ after: [...counts(43, 44), ...counts(46, 60)] }), /second checkpoint/],
    ['when a request has no end', { ...good, events: events.slice(0, 5) }, /exactly once/],
    ['when a request ended twice', { ...good, events: [...events, { ...events[1]!, position: 7 }] }, /exactly once/],
    [
      'when a position is missing',
      { ...good, events: events.map((one) => ({ ...one, position: one.position * 2 })) },
      /gap/,
    ],
    [
      'when a leaf does not fit',
      { ...good, verification: { ...good.verification, verified: false } },
      /what was written/,
    ],
    ['when the trail misses the restore', withTrail({ items: trail.items.slice(0, -1) }), /one life/],
    ['when the trail stays on one node', withTrail({ containers: ['node-a/counter'] }), /one life/],
    ['when a line of the trail is no event', { ...good, events: events.slice(1) }, /one life/],
    ['when the proof does not hold', withOffline({ proof: verdict('inclusion', false) }), /proven offline/],
    [
      'when it proves another event',
      withOffline({ proof: { ...verdict('inclusion', true), event: { id: 'evt_1' }, position: 1 } }),
      /proven offline/,
    ],
    ['when a forged copy is believed', withOffline({ forged: verdict('inclusion', true) }), /proven offline/],
    ['when the copy fails for its key only', withOffline({ forged: verdict('signature', false) }), /proven offline/],
    ['when an auditor may restore', withRefusal({ code: undefined }), /auditor/],
    ['when the try is not recorded', withRefusal({ recorded: undefined }), /auditor/],
    ['when it restored all the same', withRefusal({ restoresAfter: 2 }), /auditor/],
    ['when the tree head is not signed', { ...good, signed: false }, /what was written/],
  ])('%s', (_, findings, claim) => {
    expect(failed(findings).join('\n')).toMatch(claim);
  });

  it.each([
    ['another secret', withStory({ after: counts(43, 55, 'other') })],
    ['a count from the start', withStory({ after: counts(1, 20) })],
  ])('and the report says restarted on %s', (_, findings) => {
    expect(reportOf(findings).continuity.restarted).toBe(true);
  });
});
