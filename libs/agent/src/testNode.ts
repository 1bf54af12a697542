import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topicSpecs, type Bus } from '@stasis/bus';
import { createMemoryBroker, createMemoryBus, type MemoryBroker } from '@stasis/bus/memory';
import { newPrivateKey, seal, signingKeyOf } from '@stasis/proof';
import type { ContainerRuntime } from '@stasis/runtime';
import { openStore, type ImageStore } from '@stasis/store';
import { readAgentConfig, type AgentConfig } from './agentConfig.ts';
import type { Identity } from './identity.ts';
import { writeEnrolment } from './enrolment.ts';
import { openNodeKeys } from './nodeKey.ts';
import { startAgent, type RunningAgent, type UseCases } from './startAgent.ts';
import { startTestRecorder, type TestRecorder } from './testRecorder.ts';

export { startTestRecorder, type TestRecorder } from './testRecorder.ts';

export interface TestNode {
  readonly home: string;
  readonly config: AgentConfig;
  readonly bus: Bus;
  readonly store: ImageStore;
  readonly recorder: TestRecorder;
  readonly lines: string[];
  /** Starts an agent of the node, on a bus connection of its own. */
  start(agent: Identity['agent'], useCases: UseCases, changes?: AgentChanges): Promise<RunningAgent>;
  /** An environment as a request with this event id carries it. */
  sealEnv(env: readonly string[], eventId: string): Promise<{ keyId: string; box: string }>;
  /** As kill -9: what is under way is never heard of again, and the agent's locks belong to nobody. */
  crash(running: RunningAgent): Promise<void>;
  /** Takes the broker away, and brings it back. */
  readonly broker: MemoryBroker;
  /** Stops what was started and removes everything. */
  end(): Promise<void>;
}

export interface AgentChanges {
  readonly runtime?: ContainerRuntime;
  readonly store?: ImageStore;
  readonly config?: Partial<AgentConfig>;
}

/** A node in a directory of its own over a memory bus, for tests of the agents' use cases. */
export async function createTestNode(
  runtime: (root: string) => ContainerRuntime | Promise<ContainerRuntime>,
  env: Readonly<Record<string, string>> = {},
): Promise<TestNode> {
  const home = mkdtempSync(join(tmpdir(), 'stasis-node-'));
  const config = readAgentConfig({
    STASIS_HOME: home,
    STASIS_NODE: 'node-a',
    STASIS_STAGING: join(home, 'staging'),
    ...env,
  });
  const broker = createMemoryBroker();
  const bus = createMemoryBus({ broker });
  await bus.ensureTopics(topicSpecs());
  const store = await openStore(config.store, { STASIS_HOME: home });
  const root = config.roots[0] ?? home;
  const opened = await runtime(root);
  const apiKey = await signingKeyOf(newPrivateKey());
  const { keyId } = await openNodeKeys(config.nodeDir).current();
  const { publicKey } = apiKey;
  writeEnrolment(config.nodeDir, { node: config.node, keyId, apiKeys: [{ keyId: apiKey.keyId, publicKey }] });
  const agents: { running: RunningAgent; bus: Bus }[] = [];
  const lines: string[] = [];
  return {
    home,
    config,
    bus,
    store,
    recorder: await startTestRecorder(bus, apiKey),
    lines,
    start: async (agent, useCases, changes = {}) => {
      const own = createMemoryBus({ broker });
      const running = await startAgent({
        agent,
        config: { ...config, ...changes.config },
        bus: own,
        store: changes.store ?? store,
        runtimes: [changes.runtime ?? opened],
        useCases,
        log: (line) => lines.push(`${agent}: ${line}`),
      });
      agents.push({ running, bus: own });
      return running;
    },
    broker,
    sealEnv: async (env, eventId) => {
      const key = await openNodeKeys(config.nodeDir).current();
      return { keyId: key.keyId, box: await seal(key, new TextEncoder().encode(JSON.stringify(env)), eventId) };
    },
    crash: async (running) => {
      await agents.find((agent) => agent.running === running)?.bus.close();
      running.parts.journal.close();
      rmSync(join(config.nodeDir, 'locks'), { recursive: true, force: true });
    },
    end: async () => {
      for (const { running, bus: own } of agents) {
        await running.stop(running.parts.journal.isOpen ? 2000 : 0);
        await own.close();
      }
      for (const { id } of await opened.list()) await opened.delete(id);
      await bus.close();
      unmountIn(root);
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** runsc of 2026 keeps a mount in its root, which keeps the directory from being removed. */
function unmountIn(root: string): void {
  const mount = join(root, 'null-netns');
  if (readFileSync('/proc/mounts', 'utf8').includes(` ${mount} `)) execFileSync('umount', [mount]);
}

/** The store with some of its calls replaced. */
export const storeWith = (store: ImageStore, changes: Partial<ImageStore>): ImageStore => ({
  url: store.url,
  put: (id, dir, options) => store.put(id, dir, options),
  verify: (id, digest) => store.verify(id, digest),
  get: (id, dir, digest) => store.get(id, dir, digest),
  stat: (id) => store.stat(id),
  list: () => store.list(),
  remove: (id) => store.remove(id),
  ping: () => store.ping(),
  ...changes,
});
