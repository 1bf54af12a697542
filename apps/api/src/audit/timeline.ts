import type { RecordedEvent } from '@stasis/events';
import { getEventTexts, type PostgresLedger } from '@stasis/ledger/postgres';

export interface Timeline {
  readonly events: readonly { readonly recorded: RecordedEvent; readonly text: string | undefined }[];
  /** The free text of the first event's reason, while it exists. */
  readonly reasonText: string | undefined;
}

/** Everything that happened to one resource up to a position, with the texts that have not been erased. */
export async function timelineOf(
  ledger: PostgresLedger,
  ledgerName: string,
  stream: string,
  upTo: number,
): Promise<Timeline> {
  const recorded = (await ledger.readStream(ledgerName, stream)).filter(({ position }) => position <= upTo);
  const texts = await getEventTexts(
    ledger.database,
    recorded.map(({ event }) => event.id),
  );
  const events = recorded.map((one) => ({ recorded: one, text: texts.get(one.event.id)?.text }));
  return { events, reasonText: events[0]?.text };
}
