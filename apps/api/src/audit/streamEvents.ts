import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http';
import { auditEventOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { defaultLedger, type RecordedEvent } from '@stasis/events';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { formatPlace, positionHeader, readPlace } from '../http/places.ts';
import { whileRead } from '../http/whileRead.ts';

import type { Platform } from '../platform.ts';
import { createWaker } from '../waker.ts';

const route = routes.streamEvents;
const keepAliveMs = 15_000;
const batchSize = 500;

/**
 * GET /v1/events: the ledger's events as server-sent events in order of position, from the place asked for on, then as
 * they are recorded. Each has its place as id, so that a reader that comes back misses nothing and gets nothing twice.
 */
export const streamEvents = (platform: Platform): Implemented => implement(route, (call) => open(platform, call));

async function open(platform: Platform, call: Call<typeof route>): Promise<undefined> {
  const { request, reply, query } = call;
  const { ledger, after } = await startOf(platform, request.headers['last-event-id'], query);
  const signal = whileRead(reply.raw, platform.closing.signal);
  reply.hijack();
  reply.raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // A connection kept after the stream's end would hold the api open when it stops.
    connection: 'close',
    'x-accel-buffering': 'no',
    'x-request-id': request.id,
    [positionHeader]: formatPlace({ ledger, position: after }),
  });
  try {
    await follow(platform, call, ledger, after, signal);
  } catch (error) {
    // The reader comes back by itself with its last id.
    request.log.warn({ err: error }, 'an event stream broke off');
  } finally {
    reply.raw.end();
  }
  return undefined;
}

async function follow(
  platform: Platform,
  { reply, query }: Call<typeof route>,
  ledger: string,
  from: number,
  signal: AbortSignal,
): Promise<void> {
  let after = from;
  const waker = createWaker();
  const unsubscribe = platform.ledger.onGrowth((name) => {
    if (name === ledger) waker.wake();
  });
  const write = async (text: string): Promise<void> => {
    if (!reply.raw.write(text) && !signal.aborted) await once(reply.raw, 'drain', { signal }).catch(() => {});
  };
  try {
    await write('retry: 1000\n: connected\n\n');
    while (!signal.aborted) {
      waker.ready();
      const events = await platform.ledger.read(ledger, { after, limit: batchSize });
      const last = events.at(-1);
      if (last === undefined) {
        if (!(await waker.sleep(keepAliveMs, signal))) await write(': keep-alive\n\n');
        continue;
      }
      const wanted = events.filter(({ event }) => query.subject === undefined || event.subject === query.subject);
      if (wanted.length > 0) await write(wanted.map((recorded) => frameOf(ledger, recorded)).join(''));
      after = last.position;
    }
  } finally {
    unsubscribe();
  }
}

const frameOf = (ledger: string, recorded: RecordedEvent): string =>
  `id: ${formatPlace({ ledger, position: recorded.position })}\nevent: ${recorded.event.type}\n` +
  `data: ${JSON.stringify(auditEventOf(recorded))}\n\n`;

/** `Last-Event-ID` wins over `?after=`, since a reader that reconnects repeats its first URL. */
async function startOf(
  platform: Platform,
  lastEventId: string | string[] | undefined,
  query: Call<typeof route>['query'],
): Promise<{ ledger: string; after: number }> {
  const asked = typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : query.after;
  const ledger = query.ledger ?? defaultLedger;
  if (asked === undefined) return { ledger, after: await platform.ledger.head(ledger) };
  const place = readPlace(asked, ledger);
  if (place === undefined)
    throw new StasisError('BadRequest', `"${asked.slice(0, 60)}" is not <ledger>/<position>`, {
      details: [{ field: 'Last-Event-ID', message: 'is not <ledger>/<position>' }],
    });
  return { ledger: query.ledger ?? place.ledger, after: place.position };
}
