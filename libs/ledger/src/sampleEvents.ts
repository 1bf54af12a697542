import { createHash } from 'node:crypto';
import { type DomainEvent, newId, type StasisEvent, streamOf, typeOf } from '@stasis/events';
import type { Append } from './port.ts';

/** Events of the right shape for tests and the bench of this lib; times are fixed, ids are new. */

const at = '2026-11-24T12:00:00.000Z';
const deadline = '2026-11-24T12:10:00.000Z';
const manifestDigest = `sha256:${createHash('sha256').update('manifest').digest('hex')}`;

export function eventOf(domain: DomainEvent, subject: string, ledger = 'default'): StasisEvent {
  return {
    specversion: '1.0',
    id: newId('evt'),
    type: typeOf(domain.key),
    source: '/stasis/api',
    subject,
    time: at,
    datacontenttype: 'application/json',
    ledger,
    recordedtime: at,
    authtype: 'user',
    authid: 'sub_01jdf0000000000000000000aa',
    correlationid: subject,
    data: domain.data,
  } as StasisEvent;
}

export const checkpointRequested = (node = 'n1', name = 'web-1'): DomainEvent<'checkpoint.requested'> => ({
  key: 'checkpoint.requested',
  data: {
    container: `${node}/${name}`,
    node,
    run: 'run-1',
    generation: 1,
    leaveRunning: true,
    labels: { team: 'a' },
    deadline,
  },
});

/** A checkpoint's whole life, request to Ready. */
export const checkpointLife = (node = 'n1', name = 'web-1'): readonly DomainEvent[] => [
  checkpointRequested(node, name),
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
  {
    key: 'checkpoint.sealed',
    data: {
      manifestDigest,
      bytes: 4096,
      runtime: { name: 'runsc', version: 'release-20260905.0', platform: 'systrap' },
      durationMs: 3,
    },
  },
  { key: 'checkpoint.stored', data: { store: 'file:///store', bytesNew: 4096, bytesShared: 0, durationMs: 4 } },
  { key: 'checkpoint.verified', data: { manifestDigest, bytes: 4096, durationMs: 2 } },
  { key: 'checkpoint.ready', data: { container: 'running' } },
];

export const restoreRequested = (
  checkpoint: string,
  node = 'n2',
  name = 'web-2',
): DomainEvent<'restore.requested'> => ({
  key: 'restore.requested',
  data: { checkpoint, node, name, container: `${node}/${name}`, manifestDigest, labels: {}, deadline },
});

export const containerDiscovered = (node = 'n1', name = 'web-1'): DomainEvent<'container.discovered'> => ({
  key: 'container.discovered',
  data: {
    container: `${node}/${name}`,
    run: 'run-1',
    status: 'running',
    runtime: 'runsc',
    root: '/run/runsc',
    bundle: '/bundles/web-1',
    startedAt: at,
  },
});

export const nodeJoined = (node = 'n1'): DomainEvent<'node.joined'> => ({
  key: 'node.joined',
  data: {
    node,
    agent: 'checkpointer',
    instance: 'one',
    partition: 0,
    runtime: { name: 'runsc', version: 'release-20260905.0', platform: 'systrap' },
    kernel: '6.1',
    architecture: 'amd64',
    cpuModel: 'a cpu',
    cpuFeatures: ['sse4_2'],
  },
});

/** One decision on `subject`'s stream. */
export function appendOf(
  subject: string,
  domains: readonly DomainEvent[],
  options: { expectedVersion?: number; ledger?: string } = {},
): Append {
  const { expectedVersion = 0, ledger = 'default' } = options;
  return {
    ledger,
    stream: streamOf(domains[0]!.key, subject),
    expectedVersion,
    events: domains.map((domain) => eventOf(domain, subject, ledger)),
  };
}
