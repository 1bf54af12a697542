import { type Bus, poisonMessage } from '@stasis/bus';
import { isId, newId, RefusalTally, type EventData } from '@stasis/events';
import type { Ledger } from '@stasis/ledger';
import { recorder } from '../actor.ts';
import type { RefusedFact } from '../facts/believeFacts.ts';
import type { Log } from '../log.ts';
import { type Recorded, recordEvents } from '../recordEvents.ts';

/** What becomes of messages that are not believed. */
export interface Refusals {
  /**
   * Writes them to stasis.facts.poison, counts them, and records `signature.refused` at a bounded rate.
   * @throws StasisError BusUnavailable or AuditUnavailable; the batch comes again and nothing is lost
   */
  take(refused: readonly RefusedFact[]): Promise<void>;
  close(): Promise<void>;
}

const lookEveryMs = 5000;

export interface RefusalParts {
  readonly ledger: Ledger;
  readonly bus: Bus;
  readonly group: string;
  readonly log: Log;
  readonly onRefused: (why: string) => void;
  readonly onRecorded: (recorded: Recorded) => void;
  /** At most one event of a (node, fault) in this time. */
  readonly everyMs?: number;
}

export function createRefusals(parts: RefusalParts): Refusals {
  const { ledger, bus, group, log, everyMs } = parts;
  const tally = new RefusalTally('api', everyMs);
  const record = async (data: EventData<'signature.refused'>): Promise<void> => {
    const subject = data.message !== undefined && isId('evt', data.message) ? data.message : newId('evt');
    const decide = () => [{ key: 'signature.refused' as const, data }];
    parts.onRecorded(await recordEvents(ledger, { noun: 'signature', subject, actor: recorder, decide }));
  };
  const flush = async (): Promise<void> => {
    for (const data of tally.due(performance.now())) await record(data);
  };
  const timer = setInterval(
    () => {
      flush().catch((error: unknown) => log.warn({ err: error }, 'refused messages could not be recorded'));
    },
    Math.min(lookEveryMs, everyMs ?? lookEveryMs),
  );
  timer.unref();
  return {
    take: async (refused) => {
      if (refused.length === 0) return;
      await bus.publish(refused.map(({ message, error }) => poisonMessage(message, group, error)));
      for (const { refused: one, message, error } of refused) {
        parts.onRefused(one.why);
        log.warn({ partition: message.partition, offset: message.offset, why: one.why }, error.message);
        const due = tally.note(one, performance.now());
        if (due !== undefined) await record(due);
      }
    },
    close: async () => {
      clearInterval(timer);
      await flush();
    },
  };
}
