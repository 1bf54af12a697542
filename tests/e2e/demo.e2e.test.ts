import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { processesOf } from '../../apps/cli/src/demo/home.ts';
import { makeTemp, startStasis, stasis, whyNoKafka, whyNoRunsc } from './stasis.ts';

let temp: ReturnType<typeof makeTemp>;
beforeEach(() => (temp = makeTemp('demo-e2e')));
afterEach(() => temp.remove());

interface Report {
  readonly bus: { kind: string; version: string };
  readonly runtime: { name: string; version: string };
  readonly nodes: string[];
  readonly container: string;
  readonly checkpoints: {
    id: string;
    phase: string;
    freezeMs: number;
    bytes: number;
    conditions: { type: string; status: string }[];
  }[];
  readonly restore: { id: string; phase: string; node: string };
  readonly continuity: {
    secretBefore: string;
    secretAfter: string;
    countAtCheckpoint: number;
    firstCountAfter: number;
    restarted: boolean;
  };
  readonly events: { position: number; type: string; subject: string }[];
  readonly ledger: { size: number; verified: boolean };
  readonly refusal: { code: string };
  readonly trail: { containers: string[]; events: string[] };
  readonly proof: { event: string; verified: boolean; forgedVerified: boolean };
}

test.for([
  { bus: 'postgres', runtime: 'runsc', megabytes: 64 },
  { bus: 'kafka', runtime: 'runsc', megabytes: 64 },
  { bus: 'postgres', runtime: 'simulated', megabytes: 0 },
])('the demo over $bus with $runtime shows every claim and leaves nothing', async (given, { skip }) => {
  const { bus, runtime, megabytes } = given;
  const why = (runtime === 'runsc' ? whyNoRunsc() : undefined) ?? (bus === 'kafka' ? whyNoKafka() : undefined);
  if (why !== undefined) skip(why);
  const { code, out, err } = await stasis(['demo', '--bus', bus, '--runtime', runtime, '-o', 'json'], {
    TMPDIR: temp.dir,
  });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const report = JSON.parse(out) as Report;
  expect(report).toMatchObject({
    bus: { kind: bus, version: expect.stringMatching(/^\d+\.\d+/) as string },
    runtime: { name: runtime, version: expect.stringMatching(/\d/) as string },
    nodes: ['node-a', 'node-b'],
    container: 'node-a/counter',
    checkpoints: [{ phase: 'Ready' }, { phase: 'Ready' }],
    restore: { phase: 'Running', node: 'node-b' },
    continuity: { restarted: false },
    ledger: { size: report.events.length, verified: true },
    refusal: { code: 'NotAuthorised' },
    trail: { containers: ['node-a/counter', 'node-b/counter'] },
    proof: { event: report.trail.events.at(-1), verified: true, forgedVerified: false },
  });
  for (const { freezeMs, bytes, conditions } of report.checkpoints) {
    expect(freezeMs).toBeGreaterThan(0);
    expect(bytes).toBeGreaterThan(megabytes * 2 ** 20);
    expect(conditions.filter(({ status }) => status === 'True').map(({ type }) => type)).toEqual([
      ...['Accepted', 'Captured', 'Stored', 'Verified', 'Ready'],
    ]);
  }
  const { secretBefore, secretAfter, countAtCheckpoint, firstCountAfter } = report.continuity;
  expect(secretBefore).toMatch(/^[0-9a-f]{8,}$/);
  expect(secretAfter).toBe(secretBefore);
  expect(countAtCheckpoint).toBeGreaterThan(0);
  expect(firstCountAfter).toBeGreaterThan(countAtCheckpoint);
  expect(report.events.map(({ position }) => position)).toEqual(report.events.map((_, at) => at + 1));
  for (const id of [...report.checkpoints.map((one) => one.id), report.restore.id]) {
    const types = report.events.filter(({ subject }) => subject === id).map(({ type }) => type);
    expect(types[0]).toMatch(/\.requested\.v1$/);
    expect(types.filter((type) => /\.(ready|running|failed|refused|canceled|voided)\.v1$/.test(type))).toHaveLength(1);
  }
  expect(readdirSync(temp.dir)).toEqual([]);
  expect(processesOf(temp.dir)).toEqual([]);
});

test('the demo tells its story in lines of 80 characters, simulated in each', async () => {
  const { code, out } = await stasis(['demo', '--bus', 'postgres', '--runtime', 'simulated'], { TMPDIR: temp.dir });
  expect(code).toBe(0);
  const lines = out.trimEnd().split('\n');
  expect(lines.filter((line) => !line.startsWith('simulated:'))).toEqual([]);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
  expect(out).toMatch(/m?s {2}checkpoint 2: ckp_\w+ Ready/);
  expect(out).toMatch(/ledger verified: \d+ events/);
  expect(out).toMatch(/  node-b\/counter\n.*the container started +evt_\w+\n.*the restored container runs +evt_\w+\n/);
  expect(lines.filter((line) => line.includes('FAILED'))).toEqual([]);
  expect(lines.filter((line) => line.includes('shown   '))).toHaveLength(11);
});

test.each(['SIGINT', 'SIGTERM'] as const)('the demo that gets %s in the middle leaves nothing', async (signal) => {
  const runtime = whyNoRunsc() === undefined ? 'runsc' : 'simulated';
  const demo = startStasis(['demo', '--bus', 'postgres', '--runtime', runtime], { TMPDIR: temp.dir });
  await demo.until(/checkpoint 1: ckp_/);
  await sleep(100);
  demo.child.kill(signal);
  expect((await demo.ended).code).toBe(signal === 'SIGINT' ? 130 : 143);
  expect(readdirSync(temp.dir)).toEqual([]);
  expect(processesOf(temp.dir)).toEqual([]);
});

test('the demo exits 2 on a bus that there is not', async () => {
  const { code, err } = await stasis(['demo', '--bus', 'pigeon'], { TMPDIR: temp.dir });
  expect(code).toBe(2);
  expect(err).toContain('error: Usage: ');
  expect(readdirSync(temp.dir)).toEqual([]);
});
