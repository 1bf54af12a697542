import { domainEventOf, type RecordedEvent } from '@stasis/events';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What Prometheus is told. Each api counts what it recorded itself; sums over the apis are the fleet's. */
export interface Metrics {
  /** Counts events that were just recorded to a stream. */
  observe(added: readonly RecordedEvent[], stream: readonly RecordedEvent[]): void;
  factSetAside(reason: string): void;
  /** A message of stasis.facts that was not believed. */
  signatureRefused(why: string): void;
  relayed(ledger: string, position: number): void;
  signed(ledger: string, size: number): void;
  /** Counts a tree head that contradicts its copy outside the database. */
  forked(ledger: string): void;
  denied(code: string, action: string): void;
  readonly contentType: string;
  text(): Promise<string>;
}

const seconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900];
const checkpointEnds = ['ready', 'failed', 'refused', 'canceled', 'voided'];
const restoreEnds = ['running', 'failed', 'refused', 'canceled', 'voided'];

/** Names as Kubernetes has for container checkpoints (KEP-2008): operations by result and reason, and durations. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const operations = (noun: string): Counter<'result' | 'reason'> =>
    new Counter({
      name: `stasis_${noun}_operations_total`,
      help: `${noun}s that ended, by result and reason`,
      labelNames: ['result', 'reason'],
      registers,
    });
  const histogram = <L extends string = never>(name: string, help: string, labelNames: L[] = []): Histogram<L> =>
    new Histogram({ name, help, labelNames, buckets: seconds, registers });
  const gauge = (name: string, help: string): Gauge<'ledger'> =>
    new Gauge({ name, help, labelNames: ['ledger'], registers });

  const ended = { checkpoint: operations('checkpoint'), restore: operations('restore') };
  const duration = {
    checkpoint: histogram('stasis_checkpoint_duration_seconds', 'From request to end', ['result']),
    restore: histogram('stasis_restore_duration_seconds', 'From request to end', ['result']),
  };
  const freeze = histogram('stasis_checkpoint_freeze_seconds', 'Wall time of the capture call: an upper bound');
  const phase = histogram('stasis_checkpoint_phase_duration_seconds', 'Time that a phase took', ['phase']);
  const restorePhase = histogram('stasis_restore_phase_duration_seconds', 'Time that a phase took', ['phase']);
  const recorded = new Counter({
    name: 'stasis_ledger_events_total',
    help: 'Events recorded by this api, by type',
    labelNames: ['type'],
    registers,
  });
  const setAside = new Counter({
    name: 'stasis_facts_set_aside_total',
    help: 'Messages of stasis.facts that could not be recorded, by reason',
    labelNames: ['reason'],
    registers,
  });
  const denied = new Counter({
    name: 'stasis_access_denied_total',
    help: 'Requests that were not allowed, by code and action',
    labelNames: ['code', 'action'],
    registers,
  });
  const refused = new Counter({
    name: 'stasis_signatures_refused_total',
    help: 'Messages of stasis.facts that were not believed, by what was wrong',
    labelNames: ['why'],
    registers,
  });
  const relayed = gauge('stasis_relay_position', 'Highest position that this api put on the bus');
  const forked = new Counter({
    name: 'stasis_tree_head_forks_total',
    help: 'Tree heads that contradict their copy outside the database: the history was rewritten',
    labelNames: ['ledger'],
    registers,
  });
  const signed = gauge('stasis_tree_head_size', 'Size of the newest tree head that this api signed');

  const observeOne = ({ event }: RecordedEvent, first: RecordedEvent | undefined): void => {
    recorded.inc({ type: event.type });
    const { key, data } = domainEventOf(event);
    const [noun, word = ''] = key.split('.');
    if (key === 'checkpoint.captured') freeze.observe(data.freezeMs / 1000);
    if (key === 'checkpoint.captured') phase.observe({ phase: 'capture' }, data.freezeMs / 1000);
    if (key === 'checkpoint.sealed') phase.observe({ phase: 'seal' }, data.durationMs / 1000);
    if (key === 'checkpoint.stored') phase.observe({ phase: 'store' }, data.durationMs / 1000);
    if (key === 'checkpoint.verified') phase.observe({ phase: 'verify' }, data.durationMs / 1000);
    if (key === 'restore.materialised') restorePhase.observe({ phase: 'materialise' }, data.durationMs / 1000);
    if (key === 'restore.running') restorePhase.observe({ phase: 'restore' }, data.durationMs / 1000);
    if (noun !== 'checkpoint' && noun !== 'restore') return;
    if (!(noun === 'checkpoint' ? checkpointEnds : restoreEnds).includes(word)) return;
    ended[noun].inc({ result: word, reason: reasonOf(data) });
    const begun = first === undefined ? Number.NaN : Date.parse(first.event.time);
    const took = (Date.parse(event.time) - begun) / 1000;
    // The node's clock may be behind ours.
    if (Number.isFinite(took)) duration[noun].observe({ result: word }, Math.max(0, took));
  };

  return {
    observe: (added, stream) => {
      for (const one of added) observeOne(one, stream[0]);
    },
    factSetAside: (reason) => setAside.inc({ reason }),
    signatureRefused: (why) => refused.inc({ why }),
    relayed: (ledger, position) => relayed.set({ ledger }, position),
    signed: (ledger, size) => signed.set({ ledger }, size),
    forked: (ledger) => forked.inc({ ledger }),
    denied: (code, action) => denied.inc({ code, action }),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}

function reasonOf(data: object): string {
  if ('reasons' in data && Array.isArray(data.reasons)) return reasonOf(Object(data.reasons[0]));
  return 'reason' in data && typeof data.reason === 'string' ? data.reason : '';
}
