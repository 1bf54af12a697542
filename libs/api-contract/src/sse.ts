import { isStasisError, StasisError } from '@stasis/errors';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { pathOf } from './client.ts';
import { errorOfAnswer, unreachable } from './problemError.ts';
import { routes } from './routes/index.ts';
import { auditEvent, type AuditEvent } from './schemas/index.ts';

export interface FollowOptions {
  readonly server: string;
  readonly token?: string | undefined;
  readonly ledger?: string;
  /** Only events of this resource. */
  readonly subject?: string;
  /** `<ledger>/<position>` or a position: begins with the event after it. Without it: with what comes from now on. */
  readonly after?: string;
  /** Ends the stream without an error. */
  readonly signal: AbortSignal;
  /** Told that the stream is open (again): what happened before the first time may have been missed. */
  readonly onOpen?: () => void;
  /** Told why the stream broke, before it is opened again. */
  readonly onBreak?: (error: StasisError) => void;
  readonly fetch?: typeof fetch;
  /** A stream that says nothing for this long, not even its keep-alive, is taken for broken, in ms. */
  readonly silentMs?: number;
}

const firstDelayMs = 100;
const longestDelayMs = 5000;
/** The api keeps a stream alive with a line every 15 s. */
const defaultSilentMs = 40_000;

/**
 * Recorded events as they come. A stream that breaks is opened again after the last event that was seen, however often
 * and however long it takes, so none is missed and none comes twice; `signal` ends it.
 * @throws StasisError when the api refuses (no token, malformed query): that does not get better by trying again.
 */
export async function* followEvents(options: FollowOptions): AsyncGenerator<AuditEvent, void, undefined> {
  const { signal } = options;
  let lastId = options.after;
  let delayMs = firstDelayMs;
  while (!signal.aborted) {
    try {
      for await (const { id, event } of openOnce(options, lastId)) {
        lastId = id ?? lastId;
        delayMs = firstDelayMs;
        yield event;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (isStasisError(error) && !error.row.retryable) throw error;
      options.onBreak?.(isStasisError(error) ? error : unreachable(options.server, error));
    }
    await pause(delayMs, signal);
    delayMs = Math.min(delayMs * 2, longestDelayMs);
  }
}

async function* openOnce(
  options: FollowOptions,
  lastId: string | undefined,
): AsyncGenerator<{ id: string | undefined; event: AuditEvent }> {
  const { server, token, ledger, subject, signal, fetch: send = fetch, silentMs = defaultSilentMs } = options;
  const silence = listenForSilence(silentMs);
  const path = pathOf(routes.streamEvents, { query: { ledger, subject, after: lastId } });
  try {
    const answer = await send(`${server}${path}`, {
      headers: { accept: 'text/event-stream', ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      signal: AbortSignal.any([signal, silence.signal]),
    });
    if (!answer.ok || answer.body === null) throw await errorOfAnswer(answer, `GET ${path}`);
    options.onOpen?.();
    const messages = answer.body
      .pipeThrough(silence.heard)
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream());
    for await (const { id, data } of messages) {
      const read = auditEvent.safeParse(JSON.parse(data));
      if (!read.success)
        throw new StasisError('EventMalformed', `${server} streams events that do not fit the contract`, {
          next: 'Use a client of the version of the api.',
        });
      yield { id, event: read.data };
    }
  } finally {
    silence.stop();
  }
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Aborts `signal` when `ms` pass without a byte going through `heard`: a dead peer closes no connection. */
function listenForSilence(ms: number): { signal: AbortSignal; heard: TransformStream<Bytes, Bytes>; stop(): void } {
  const silent = new AbortController();
  const wait = () => setTimeout(() => silent.abort(new Error(`it said nothing for ${ms / 1000} s`)), ms);
  let timer = wait();
  const heard = new TransformStream<Bytes, Bytes>({
    transform: (chunk, out) => {
      clearTimeout(timer);
      timer = wait();
      out.enqueue(chunk);
    },
  });
  return { signal: silent.signal, heard, stop: () => clearTimeout(timer) };
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
