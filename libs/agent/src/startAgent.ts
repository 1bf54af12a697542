import { rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { topics, type Bus } from '@stasis/bus';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import type { ContainerRuntime, RuntimeInfo } from '@stasis/runtime';
import type { ImageStore } from '@stasis/store';
import { makePrivate, type AgentConfig } from './agentConfig.ts';
import { lockContainer } from './containerLock.ts';
import { readEnrolment } from './enrolment.ts';
import { factMaker, type FactMaker } from './facts.ts';
import { startFactOutbox } from './factOutbox.ts';
import { startHeartbeat } from './heartbeat.ts';
import { identify, joinedData, partitionOfNode, type Identity } from './identity.ts';
import { Journal, type JournaledRequest } from './journal.ts';
import { isNoSpace, journalTrouble } from './journalRoom.ts';
import { openNodeKeys, type NodeKeyring } from './nodeKey.ts';
import { startRequestIntake } from './requestIntake.ts';
import { startRequestRefusals } from './requestRefusals.ts';
import { TrustedKeys } from './trustedKeys.ts';
import { Work, type Slot } from './work.ts';

/** What a use case of a node agent works with. */
export interface AgentParts {
  readonly config: AgentConfig;
  readonly identity: Identity;
  readonly journal: Journal;
  readonly store: ImageStore;
  /** One a container root; Stasis creates in the first. */
  readonly runtimes: readonly [ContainerRuntime, ...ContainerRuntime[]];
  readonly info: RuntimeInfo;
  readonly fact: FactMaker;
  readonly openSealed: NodeKeyring['open'];
  readonly work: Work;
  readonly log: (line: string) => void;
  /** Aborted when the agent is asked to end: long waits give up. */
  readonly stopping: AbortSignal;
}

export interface UseCases {
  /** Name of the container on this node that the request is about: one operation at a time on each. */
  readonly containerOf: (request: JournaledRequest) => string;
  /** Does the whole of a request, from wherever the journal says it stands, and says how it ended. */
  readonly perform: (parts: AgentParts, request: JournaledRequest, slot: Slot) => Promise<void>;
  /** Runs beside the requests; returns what ends it. */
  readonly beside?: (parts: AgentParts) => () => Promise<void>;
}

export interface StartAgentOptions {
  readonly agent: Identity['agent'];
  readonly config: AgentConfig;
  readonly bus: Bus;
  readonly store: ImageStore;
  readonly runtimes: readonly [ContainerRuntime, ...ContainerRuntime[]];
  readonly useCases: UseCases;
  readonly log: (line: string) => void;
}

export interface RunningAgent {
  readonly parts: AgentParts;
  /** Takes in nothing more, lets what is under way end (bounded by `graceMs`), closes the journal. Ends no container. */
  stop(graceMs?: number): Promise<void>;
}

const defaultGraceMs = 10_000;
/** How long an agent that was told to end before this one began may take. */
const otherAgentMs = 20_000;

/** Between two tries of what a full disk has stopped. */
const noSpacePauseMs = 1000;

/** Starts one agent in this process: requests that the journal holds first, then new ones. */
export async function startAgent(options: StartAgentOptions): Promise<RunningAgent> {
  const { agent, config, bus, store, runtimes, useCases, log } = options;
  // Two of one kind on one journal would each do every request. No container has a name with a blank.
  const release = await lockContainer(makePrivate(config.nodeDir), `${agent} agent`, otherAgentMs);
  const enrolled = readEnrolment(config.nodeDir);
  if (enrolled === undefined)
    throw new StasisError('ConfigInvalid', `node "${config.node}" has not enrolled`, {
      next: `Set STASIS_ENROL_TOKEN to what \`stasis node enrol ${config.node}\` prints.`,
    });
  const keys = openNodeKeys(config.nodeDir);
  const journal = new Journal(join(config.nodeDir, `${agent}.journal.sqlite`));
  const identity = await identify(journal, config.node, agent);
  const info = await runtimes[0].info();
  const ending = new AbortController();
  const parts: AgentParts = {
    config,
    identity,
    journal,
    store,
    runtimes,
    info,
    fact: factMaker(identity),
    openSealed: (keyId, box, context) => keys.open(keyId, box, context),
    work: new Work(config.concurrency),
    log,
    stopping: ending.signal,
  };
  const partition = await untilAnswered(() => partitionOfNode(bus, config.node), log);
  await tellOfNode(parts, partition);

  for (const dir of journal.leftDirectories()) rmSync(dir, { recursive: true, force: true });

  const taken = new Set<string>();
  const pickUp = (): void => {
    if (ending.signal.aborted) return;
    for (const request of journal.openRequests()) {
      if (taken.has(request.id)) continue;
      taken.add(request.id);
      void parts.work
        .add(useCases.containerOf(request), (slot) => performCurrent(parts, useCases, request.id, slot))
        .catch((error: unknown) => {
          const until = isNoSpace(error) ? 'there is room again' : 'the next start';
          log(`request ${request.id} stays open until ${until}: ${messageOf(error)}`);
          if (!isNoSpace(error)) return;
          taken.delete(request.id);
          setTimeout(pickUp, noSpacePauseMs).unref();
        });
    }
  };
  const outbox = startFactOutbox({ journal, bus, sign: keys.sign, log });
  const trusted = new TrustedKeys(journal, enrolled.apiKeys);
  const refusals = startRequestRefusals({ journal, fact: parts.fact, node: config.node, log });
  pickUp();
  const taking = { journal, bus, identity, partition, trusted, refusals, log, onRequests: pickUp };
  const intake = await startRequestIntake(taking);
  const endHeartbeat = startHeartbeat(
    bus,
    identity,
    () => ({ refused: refusals.total, trouble: journalTrouble(config) }),
    log,
  );
  const endBeside = useCases.beside?.(parts);

  let stopped: Promise<void> | undefined;
  const stop = async (graceMs = defaultGraceMs): Promise<void> => {
    ending.abort();
    endHeartbeat();
    refusals.stop();
    await intake.stop();
    await endBeside?.();
    await Promise.race([parts.work.idle(), sleep(graceMs, undefined, { ref: false })]);
    if (journal.isOpen) await outbox.drained(1000).catch((error: unknown) => log(messageOf(error)));
    await outbox.stop();
    journal.close();
    removeIfEmpty(config.staging.tmpfs);
    release();
  };
  return { parts, stop: (graceMs) => (stopped ??= stop(graceMs)) };
}

/** What waited may have been canceled meanwhile, so the journal is asked again. */
async function performCurrent(parts: AgentParts, useCases: UseCases, id: string, slot: Slot): Promise<void> {
  const request = parts.journal.request(id);
  if (request === undefined || (request.state !== 'waiting' && request.state !== 'begun')) return;
  if (request.state === 'waiting' && parts.stopping.aborted) return;
  await useCases.perform(parts, request, slot);
}

/** `node.joined` at each start; `node.changed` when runtime, kernel or CPU are not those of the last start. */
async function tellOfNode(parts: AgentParts, partition: number): Promise<void> {
  const { identity, journal, fact } = parts;
  const joined = joinedData(identity, partition, parts.info);
  const { runtime, kernel, cpuFeatures } = joined;
  const seen = JSON.stringify({ runtime, kernel, cpuFeatures });
  const before = journal.setting('host');
  await journal.commit((tx) => {
    tx.setting('host', seen);
    tx.fact(fact('node.joined', identity.node, joined));
    if (before !== undefined && before !== seen && identity.agent === 'checkpointer')
      tx.fact(fact('node.changed', identity.node, { node: identity.node, runtime, kernel, cpuFeatures }));
  });
}

/** The bus and its topics may come up after the agent. */
async function untilAnswered(ask: () => Promise<number>, log: (line: string) => void): Promise<number> {
  const until = performance.now() + 60_000;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > until || (isStasisError(error) && !error.row.retryable)) throw error;
      if (attempt % 10 === 0) log(`waiting for the topic ${topics.requests}: ${messageOf(error)}`);
      await sleep(500);
    }
  }
}

/** Leaves no directory of ours in memory when nothing is in it; one that STASIS_STAGING names is the user's. */
function removeIfEmpty(dir: string | undefined): void {
  if (dir === undefined) return;
  const parent = dirname(dir);
  for (const path of dirname(parent) === '/dev/shm' ? [dir, parent] : [dir])
    try {
      rmdirSync(path);
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'EACCES', 'EPERM', 'EBUSY'].includes((error as NodeJS.ErrnoException).code ?? ''))
        throw error;
    }
}
