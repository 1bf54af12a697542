/**
 * A fleet's history, made up: containers on 100 nodes, each started once, then checkpointed, restarted, restored, refused
 * and failed for two years. The same seed gives the same history, but for ids.
 */
import { createHash } from 'node:crypto';
import { type DomainEvent, newId, type StasisEvent, streamOf, typeOf } from '@stasis/events';
import type { Append } from '../../src/port.ts';

export const nodes = Array.from({ length: 100 }, (_, n) => `node-${String(n).padStart(3, '0')}`);
export const people = Array.from({ length: 200 }, () => newId('sub'));
const agents = nodes.map(() => newId('sub'));
export const teams = Array.from({ length: 40 }, (_, n) => `team-${n}`);
export const reasons = ['NoSpace', 'RuntimeFailed', 'RuntimeTimeout', 'ContainerNotRunning', 'NodeLost'] as const;
export const words = Array.from({ length: 2000 }, (_, n) =>
  createHash('sha1').update(`word ${n}`).digest('hex').slice(0, 7),
);

export const began = Date.UTC(2024, 10, 24);
export const ended = Date.UTC(2026, 10, 24);

/** Small, fast, and the same each time (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const digest = `sha256:${'0'.repeat(64)}`;
const runtime = { name: 'runsc', version: 'release-20260905.0', platform: 'systrap' };

export interface Sizes {
  readonly events: number;
  readonly containers: number;
}

/** Decisions in the order in which they are recorded; their events are `events` in all, or a few more. */
export function* decisionsOf({ events, containers }: Sizes): Generator<Append> {
  const random = randomFrom(1);
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
  // Some words are in every tenth text, most in few.
  const word = (): string => words[Math.floor(words.length * random() ** 3)]!;
  const versions = new Uint32Array(containers);
  const generations = new Uint32Array(containers);
  let made = 0;
  const at = (): number => began + Math.floor((made / events) * (ended - began));
  const nameOf = (n: number): { node: string; name: string; container: string } => {
    const node = nodes[n % nodes.length]!;
    return { node, name: `web-${n}`, container: `${node}/web-${n}` };
  };
  const decision = (
    subject: string,
    expectedVersion: number,
    domains: readonly DomainEvent[],
    by: string,
    agent: string,
    text?: string,
  ): Append => {
    const stream = streamOf(domains[0]!.key, subject);
    const all = domains.map((domain, n) => {
      const happened = at() + n * 200;
      made += 1;
      return {
        specversion: '1.0',
        id: newId('evt'),
        type: typeOf(domain.key),
        source: '/stasis/api',
        subject,
        time: new Date(happened).toISOString(),
        datacontenttype: 'application/json',
        ledger: 'default',
        recordedtime: new Date(happened + 100).toISOString(),
        authtype: n === 0 ? 'user' : 'service_account',
        authid: n === 0 ? by : agent,
        correlationid: subject.slice(0, 64),
        data: domain.data,
      } as StasisEvent;
    });
    const texts = text === undefined ? [] : [{ eventId: all[0]!.id, text, salt: '00000000000000000000000000000000' }];
    return { ledger: 'default', stream, expectedVersion, events: all, texts };
  };
  const run = (n: number, key: 'container.started' | 'container.stopped'): Append => {
    const { node, container } = nameOf(n);
    const agent = agents[n % nodes.length]!;
    const name = `run-${generations[n]}`;
    const domain: DomainEvent =
      key === 'container.stopped'
        ? { key, data: { container, run: name, why: 'exited' } }
        : {
            key,
            data: {
              container,
              run: name,
              status: 'running',
              runtime: 'runsc',
              root: '/run/runsc',
              bundle: `/bundles/${node}`,
              startedAt: new Date(at()).toISOString(),
              labels: { team: teams[n % teams.length]! },
            },
          };
    versions[n]! += 1;
    return decision(container, versions[n]! - 1, [domain], agent, agent);
  };
  for (let n = 0; n < containers && made < events; n += 1) yield run(n, 'container.started');
  while (made < events) {
    const n = Math.floor(random() * containers);
    const { node, container } = nameOf(n);
    const agent = agents[n % nodes.length]!;
    if (random() < 0.2) {
      yield run(n, 'container.stopped');
      generations[n]! += 1;
      yield run(n, 'container.started');
      continue;
    }
    const id = newId('ckp');
    const text = Array.from({ length: 3 + Math.floor(random() * 5) }, word).join(' ');
    const ticket = random() < 0.3 ? { ticket: `OPS-${Math.floor(random() * 20_000)}` } : {};
    const request: DomainEvent = {
      key: 'checkpoint.requested',
      data: {
        container,
        node,
        run: `run-${generations[n]}`,
        generation: generations[n]! + 1,
        leaveRunning: true,
        labels: { team: teams[n % teams.length]! },
        reason: { ...ticket, textDigest: digest },
        deadline: new Date(at() + 900_000).toISOString(),
      },
    };
    const ends = random();
    const because = { reason: pick(reasons), message: 'as the node says' };
    const life: DomainEvent[] =
      ends < 0.05
        ? [request, { key: 'checkpoint.refused', data: because }]
        : ends < 0.1
          ? [
              request,
              { key: 'checkpoint.accepted', data: { attempt: 1 } },
              { key: 'checkpoint.failed', data: { ...because, container: 'running' } },
            ]
          : [request, ...goodLife];
    yield decision(id, 0, life, pick(people), agent, text);
  }
}

const goodLife: readonly DomainEvent[] = [
  { key: 'checkpoint.accepted', data: { attempt: 1 } },
  {
    key: 'checkpoint.captured',
    data: {
      files: [{ name: 'checkpoint.img', size: 4096 }],
      bytes: 4096,
      freezeMs: 12.5,
      staging: 'tmpfs',
      container: 'running',
    },
  },
  { key: 'checkpoint.sealed', data: { manifestDigest: digest, bytes: 4096, runtime, durationMs: 3 } },
  { key: 'checkpoint.stored', data: { store: 'file:///store', bytesNew: 4096, bytesShared: 0, durationMs: 4 } },
  { key: 'checkpoint.verified', data: { manifestDigest: digest, bytes: 4096, durationMs: 2 } },
  { key: 'checkpoint.ready', data: { container: 'running' } },
];
