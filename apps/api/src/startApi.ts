import { randomUUID } from 'node:crypto';
import type { Bus, TopicSpec } from '@stasis/bus';
import { defaultLedger, systemLedger } from '@stasis/events';
import { listNodes, openPostgresLedger, type PostgresLedger, releaseLease } from '@stasis/ledger/postgres';
import type { FastifyBaseLogger } from 'fastify';
import { openAccess } from './access/access.ts';
import { apiRoutes } from './apiRoutes.ts';
import { openHeadsDirectory } from './audit/headsDirectory.ts';
import { keepTreeHeads } from './audit/keepTreeHeads.ts';
import { loadLedgerKey } from './audit/ledgerKey.ts';
import { publishTreeHeads } from './audit/publishTreeHeads.ts';
import { signTreeHeads } from './audit/signTreeHeads.ts';
import { startRecorder } from './facts/startRecorder.ts';
import { withLedger } from './databaseAway.ts';
import { ensureAdminToken } from './http/adminToken.ts';
import { followHeads } from './http/knownHeads.ts';
import { createServer } from './http/server.ts';
import { type Duty, lead, type Lead } from './leader.ts';
import { holderOf, takeLease } from './leaseHolder.ts';
import { createMetrics } from './metrics/metrics.ts';
import { listenToHeartbeats } from './nodes/heartbeats.ts';
import type { Platform } from './platform.ts';
import { noteRecorded } from './recordRequest.ts';
import { relayCursor } from './relay/cursor.ts';
import { relayLedger, type RelayParts } from './relay/relay.ts';
import type { Settings } from './settings.ts';
import { inviteExpectedNodes } from './signatures/inviteNode.ts';
import { createRequestSigner } from './signatures/requestSigner.ts';
import { publishFirstKey } from './signatures/rotateKeys.ts';
import { keepTime } from './timers/keepTime.ts';

export interface RunningApi {
  /** Where it listens, without a slash at the end. */
  readonly url: string;
  readonly platform: Platform;
  /** Answers what is under way, stops the duties, gives the leases up. Idempotent. */
  close(): Promise<void>;
}

export interface ApiParts {
  readonly settings: Settings;
  readonly bus: Bus;
  readonly topics: readonly TopicSpec[];
  readonly log: FastifyBaseLogger;
  /** Told the admin token once, when it is made. */
  readonly announceToken: (secret: string, file: string) => void;
  readonly leaseMs?: number;
}

/** Starts one api: HTTP, recorder of facts, and, while it leads, relay, signer of tree heads and timers. */
export async function startApi(parts: ApiParts): Promise<RunningApi> {
  const { databaseUrl: connectionString, statementTimeoutMs } = parts.settings;
  const ledger = await openPostgresLedger({ connectionString, statementTimeoutMs });
  const closers: (() => Promise<unknown> | void)[] = [() => ledger.close()];
  try {
    return await start(parts, ledger, closers);
  } catch (error) {
    await closeAll(closers);
    throw error;
  }
}

async function start(
  { settings, bus, log, topics: specs, announceToken, leaseMs = 3000 }: ApiParts,
  ledger: PostgresLedger,
  closers: (() => Promise<unknown> | void)[],
): Promise<RunningApi> {
  const startedAt = new Date();
  await withLedger(() => ledger.head(defaultLedger));
  const instance = randomUUID();
  await ensureAdminToken(ledger, settings.home, announceToken);
  const ledgerKey = await loadLedgerKey(settings.home);
  await bus.ensureTopics(specs);
  const heads = await followHeads(ledger);
  closers.push(() => heads.close());
  const metrics = createMetrics();
  const heartbeats = await listenToHeartbeats(bus, instance, log);
  closers.push(() => heartbeats.stop());
  const access = await openAccess(ledger, settings, log, (recorded) => noteRecorded({ heads, metrics }, recorded));
  closers.push(() => access.denials.close());
  const headsDirectory = openHeadsDirectory(settings.treeHeadsDirectory);
  const headKeeper = keepTreeHeads({ ledger, directory: headsDirectory, log, onFork: (name) => metrics.forked(name) });
  closers.push(() => headKeeper.stop());
  await publishFirstKey(ledger, settings.signingKey);
  const signer = createRequestSigner(ledger, relayCursor(ledger.database), settings.signingKey);
  closers.push(() => signer.close());
  const platform: Platform = {
    settings,
    ledger,
    bus,
    log,
    metrics,
    heads,
    heartbeats,
    access,
    ledgerKey,
    signer,
    headsDirectory,
    headKeeper,
    instance,
    startedAt,
    closing: new AbortController(),
  };
  await inviteExpectedNodes(platform);
  // Before the recorder: its group may have to wait for the broker to count out a member that was killed.
  for (const duty of dutiesOf(platform, leaseMs)) closers.push(stopOf(lead(duty, log)));
  closers.push(await startRecorder(platform));
  const app = await createServer(platform, log, apiRoutes(platform));
  closers.push(() => app.close());
  const url = await app.listen({ host: settings.host, port: settings.port });
  let closing: Promise<void> | undefined;
  return { url, platform, close: () => (closing ??= closeAll(closers)) };
}

const stopOf =
  (running: Lead): (() => Promise<void>) =>
  () =>
    running.stop();

/** The last that was started is closed first; one that fails does not keep the others from it. */
async function closeAll(closers: readonly (() => Promise<unknown> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

const mostNodes = 10_000;

function dutiesOf(platform: Platform, ttlMs: number): readonly Duty[] {
  const { ledger, bus, log, metrics } = platform;
  const { database } = ledger;
  const holder = holderOf(platform.instance);
  const duty = (name: string, work: Duty['work']): Duty => ({
    name,
    ttlMs,
    acquire: (ms) => takeLease(database, { name: `api-${name}`, holder, ttlMs: ms }, log),
    release: () => releaseLease(database, `api-${name}`, holder),
    work,
  });
  const relaying: RelayParts = {
    ledger,
    bus,
    cursor: relayCursor(database),
    signer: platform.signer,
    allNodes: async () => (await listNodes(database, { limit: mostNodes })).items.map(({ id }) => id),
    onRelayed: (name, at) => metrics.relayed(name, at),
  };
  const relay = (ledgerName: string): Duty =>
    duty(`relay-${ledgerName}`, (term) => relayLedger(relaying, ledgerName, term));
  return [
    relay(defaultLedger),
    relay(systemLedger),
    duty('tree-heads', ({ signal }) =>
      signTreeHeads(ledger, platform.ledgerKey.privateKey, signal, (name, size) => metrics.signed(name, size)),
    ),
    duty('publish-tree-heads', (term) =>
      publishTreeHeads({ ledger, bus, cursor: relayCursor(database, 'tree-heads') }, term),
    ),
    duty('timers', ({ signal }) => keepTime(platform, signal)),
  ];
}
