import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@stasis/api-contract';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import { newId, typeOf, type EventData, type EventKey } from '@stasis/events';
import { openFactFile, type ToldFact } from './factFile.ts';
import type { FleetSettings } from './fleetSettings.ts';

/** How long a command waits for a fleet that does not answer. */
const patienceMs = 5000;
const longestPauseMs = 1000;

/** What one command tells the fleet about its request, in order. */
export interface Report {
  readonly subject: string;
  /** On disk when it returns, and on its way. */
  tell<K extends EventKey>(key: K, data: EventData<K>, about?: string): void;
  /** Resolves once everything told is recorded; false after 5 s without the fleet, or when it refuses a fact. */
  recorded(): Promise<boolean>;
  /** Tells, and needs the answer. @throws StasisError AuditUnavailable, or OutcomeUnknown when the request has ended */
  confirm<K extends EventKey>(key: K, data: EventData<K>): Promise<void>;
  /** The end: waits as `recorded`, and names the file that keeps what could not be sent. */
  settle(): Promise<void>;
}

interface Parts {
  readonly settings: FleetSettings;
  readonly client: Client;
  readonly warn: (line: string) => void;
}

export function openReport({ settings, client, warn }: Parts, subject: string): Report {
  const { node, nodeDir, server } = settings;
  const file = openFactFile(nodeDir, server);
  const passedOver = new Set<string>();
  let waiting: ToldFact[] = [];
  let sending: Promise<void> | undefined;
  let problem: unknown;
  let isRefused = false;
  let isGivenUp = false;

  const sendAll = async (): Promise<void> => {
    for (let pauseMs = 50; waiting.length > 0 && !isRefused && !isGivenUp;) {
      const batch = waiting.slice(0, 100);
      try {
        const { items } = await client.recordReport({ body: { node, facts: batch } });
        for (const { id, position } of items) if (position === undefined) passedOver.add(id);
        waiting = waiting.slice(batch.length);
        pauseMs = 50;
      } catch (error) {
        problem = error;
        isRefused = isStasisError(error) && error.row.http < 500;
        if (isRefused) return;
        await sleep(pauseMs);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  };
  const send = (): void => {
    sending ??= sendAll().finally(() => (sending = undefined));
  };
  const tell = (key: EventKey, data: unknown, about = subject): ToldFact => {
    const fact = { id: newId('evt'), type: typeOf(key), subject: about, time: new Date().toISOString(), data };
    file.add(fact);
    waiting = [...waiting, fact];
    send();
    return fact;
  };
  const recorded = async (): Promise<boolean> => {
    const until = performance.now() + patienceMs;
    while (waiting.length > 0 && !isRefused && performance.now() < until) {
      send();
      await Promise.race([sending, sleep(until - performance.now(), undefined, { ref: false })]);
    }
    return waiting.length === 0;
  };
  return {
    subject,
    tell,
    recorded,
    confirm: async (key, data) => {
      const { id } = tell(key, data);
      if (!(await recorded()))
        throw new StasisError(
          'AuditUnavailable',
          `${server} has not recorded ${key} of ${subject}: ${messageOf(problem)}`,
        );
      if (passedOver.has(id))
        throw new StasisError('OutcomeUnknown', `the ledger has ended ${subject} meanwhile, so nothing was done`);
    },
    settle: async () => {
      const isDone = await recorded();
      isGivenUp = true;
      if (isDone) return file.remove();
      warn(
        `${server} has not recorded ${waiting.length} facts of ${subject} (${messageOf(problem)}); ` +
          `they are in ${file.path}, and the next command on this node sends them`,
      );
    },
  };
}
