import { formatRef, type ContainerStatus, statusTable } from '@stasis/container';
import { messageOf } from '@stasis/errors';
import type { EventData, StasisEvent } from '@stasis/events';
import type { RuntimeContainer } from '@stasis/runtime';
import { specDigest } from '@stasis/spec';
import { isLocked } from './containerLock.ts';
import type { KnownContainer } from './journalWriter.ts';
import type { JournalWriter } from './journalWriter.ts';
import type { AgentParts } from './startAgent.ts';

const sweepMs = 2000;

/**
 * Sees what runs in every container root, also what others started, and tells what is new, has ended or is gone. Wakes
 * when a root changes; a slow sweep catches what no file shows (a sandbox that died). Containers that an agent of the node
 * works on are looked at after it: that agent tells what it did itself. Returns what ends it.
 */
export function startDiscovery(parts: AgentParts): () => Promise<void> {
  let looking: Promise<void> | undefined;
  let again = false;
  const look = (): void => {
    if (looking !== undefined) {
      again = true;
      return;
    }
    looking = discover(parts)
      .catch((error: unknown) => parts.log(`containers could not be looked at: ${messageOf(error)}`))
      .finally(() => {
        looking = undefined;
        if (again && !parts.stopping.aborted) {
          again = false;
          look();
        }
      });
  };
  const unwatch = parts.runtimes.map((runtime) => runtime.watch(look));
  const timer = setInterval(look, sweepMs);
  look();
  return async () => {
    clearInterval(timer);
    for (const end of unwatch) end();
    await looking;
  };
}

/** One look at every root: the difference to the journal becomes facts, in one commit. */
export async function discover(parts: AgentParts): Promise<void> {
  const known = new Map(parts.journal.knownContainers().map((one) => [key(one), one]));
  const changes: ((tx: JournalWriter) => void)[] = [];
  for (const runtime of parts.runtimes) {
    const seen = await runtime.list();
    const present = new Set(seen.map(key));
    for (const container of seen) {
      if (container.status === 'creating' || isWorkedOn(parts, container.id)) continue;
      const facts = factsAbout(parts, container, known.get(key(container)));
      const { id, root, run, status } = container;
      if (facts.length === 0 && known.get(key(container))?.status === status) continue;
      changes.push((tx) => {
        tx.container({ id, root, run, status });
        for (const fact of facts) tx.fact(fact);
      });
    }
    for (const one of known.values()) {
      if (one.root !== runtime.root || present.has(key(one)) || isWorkedOn(parts, one.id)) continue;
      const subject = formatRef({ node: parts.identity.node, id: one.id });
      const gone = parts.fact('container.gone', subject, { container: subject, run: one.run });
      changes.push((tx) => {
        tx.forgetContainer(one.root, one.id);
        tx.fact(gone);
      });
    }
  }
  if (changes.length > 0) await parts.journal.commit((tx) => changes.forEach((change) => change(tx)));
}

const key = ({ root, id }: { root: string; id: string }): string => `${root}\n${id}`;

const isWorkedOn = ({ work, config }: AgentParts, id: string): boolean =>
  work.isBusy(id) || isLocked(config.nodeDir, id);

/** New runs, created ones that came to run, paused and resumed ones, and those that ended by themselves. */
function factsAbout(parts: AgentParts, seen: RuntimeContainer, known: KnownContainer | undefined): StasisEvent[] {
  const container = formatRef({ node: parts.identity.node, id: seen.id });
  if (known?.run !== seen.run) return [parts.fact('container.discovered', container, runData(parts, container, seen))];
  if (known.status === 'created' && (seen.status === 'running' || seen.status === 'paused'))
    return [parts.fact('container.started', container, runData(parts, container, seen))];
  const run = { container, run: seen.run };
  if (known.status === 'running' && seen.status === 'paused') return [parts.fact('container.paused', container, run)];
  if (known.status === 'paused' && seen.status === 'running') return [parts.fact('container.resumed', container, run)];
  const wasAlive = statusTable[known.status as ContainerStatus].isAlive;
  return wasAlive && seen.status === 'stopped'
    ? [parts.fact('container.stopped', container, { container, run: seen.run, why: 'exited' })]
    : [];
}

const runData = (parts: AgentParts, container: string, seen: RuntimeContainer): EventData<'container.discovered'> => ({
  container,
  run: seen.run,
  status: seen.status as EventData<'container.discovered'>['status'],
  runtime: parts.info.name,
  root: seen.root,
  bundle: seen.bundle,
  startedAt: new Date(seen.createdAt).toISOString(),
  specDigest: specDigest(seen.spec),
});
