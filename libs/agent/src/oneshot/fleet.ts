import { rmSync } from 'node:fs';
import { createClient, type Client } from '@stasis/api-contract';
import { isReasonCode, isStasisError, messageOf, StasisError } from '@stasis/errors';
import { newId, typeOf } from '@stasis/events';
import type { CheckpointView } from '@stasis/lifecycle';
import type { RuntimeContainer } from '@stasis/runtime';
import { specDigest } from '@stasis/spec';
import { lockContainer } from '../containerLock.ts';
import { leftFactFiles } from './factFile.ts';
import { fleetSettings, type FleetSettings } from './fleetSettings.ts';
import { openReport, type Report } from './report.ts';

/** A call that takes longer counts as not answered. */
const callTimeoutMs = 5000;
const lockTimeoutMs = 10_000;

/** The fleet as a one-shot command deals with it. */
export interface Fleet {
  readonly node: string;
  readonly client: Client;
  /** `<node>/<id>`. */
  refOf(id: string): string;
  /** Tells of a container that the fleet may not have seen, so that it can be asked about. @throws as `ask` */
  introduce(container: RuntimeContainer): Promise<void>;
  /**
   * Puts a request on record before anything is done for it.
   * @throws StasisError AuditUnavailable when the ledger cannot have recorded it; the api's own refusal otherwise
   */
  ask<T>(request: () => Promise<T>): Promise<T>;
  /** @throws StasisError with the reason, when the recorder has refused the request in the same decision */
  requireOpen(view: Pick<CheckpointView, 'id' | 'conditions'>): void;
  /** What is told from now on about a request that is on record. */
  report(subject: string): Report;
  /** The agents of the node keep off the container until the command ends. @throws StasisError RuntimeTimeout */
  keepAgentsOff(id: string): Promise<() => void>;
}

/**
 * The fleet that STASIS_SERVER names, `undefined` without one. What earlier commands could not report is sent first.
 * @throws StasisError ConfigInvalid
 */
export async function openFleet(warn: (line: string) => void): Promise<Fleet | undefined> {
  const settings = fleetSettings();
  if (settings === undefined) return undefined;
  const { server, token, node, nodeDir } = settings;
  const client = createClient({ server, token, timeoutMs: callTimeoutMs });
  await sendLeft(settings, client, warn);
  const refOf = (id: string): string => `${node}/${id}`;
  const ask: Fleet['ask'] = async (request) => {
    try {
      return await request();
    } catch (error) {
      if (isStasisError(error) && error.row.http < 500) throw error;
      throw new StasisError(
        'AuditUnavailable',
        `${server} cannot record the request, so nothing was done: ${messageOf(error)}`,
        {
          next: 'Start the api, or leave STASIS_SERVER out to work without the fleet.',
          cause: error,
        },
      );
    }
  };
  return {
    node,
    client,
    refOf,
    ask,
    introduce: async (container) => {
      const subject = refOf(container.id);
      const data = seenData(subject, container);
      const fact = {
        id: newId('evt'),
        type: typeOf('container.discovered'),
        subject,
        time: new Date().toISOString(),
        data,
      };
      await ask(() => client.recordReport({ body: { node, facts: [fact] } }));
    },
    requireOpen,
    report: (subject) => openReport({ settings, client, warn }, subject),
    keepAgentsOff: (id) => lockContainer(nodeDir, id, lockTimeoutMs),
  };
}

function requireOpen({ id, conditions }: Pick<CheckpointView, 'id' | 'conditions'>): void {
  const refused = conditions.find(({ type }) => type === 'Refused');
  if (refused === undefined) return;
  const code = isReasonCode(refused.reason) ? refused.reason : 'NotAuthorised';
  throw new StasisError(code, `the fleet has refused ${id}: ${refused.message}`);
}

/** What the catalogue says of a run: see `container.discovered` and `container.started`. */
export const seenData = (container: string, seen: RuntimeContainer) => ({
  container,
  run: seen.run,
  status: seen.status === 'creating' || seen.status === 'gone' ? ('created' as const) : seen.status,
  runtime: 'runsc',
  root: seen.root,
  bundle: seen.bundle,
  startedAt: new Date(seen.createdAt).toISOString(),
  specDigest: specDigest(seen.spec),
});

/** Idempotent: facts keep their ids. What is refused stays where it is, and is named each time. */
async function sendLeft({ nodeDir, server, node }: FleetSettings, client: Client, warn: (line: string) => void) {
  for (const { path, facts } of leftFactFiles(nodeDir, server)) {
    try {
      for (let at = 0; at < facts.length; at += 100)
        await client.recordReport({ body: { node, facts: facts.slice(at, at + 100) } });
      rmSync(path, { force: true });
    } catch (error) {
      warn(`${facts.length} facts of an earlier command are still in ${path}: ${messageOf(error)}`);
    }
  }
}
