import { messageOf, StasisError } from '@stasis/errors';
import { pathOf } from './client.ts';
import { errorOfAnswer, unreachable } from './problemError.ts';
import { type QueryOf, type Routes, routes } from './routes/index.ts';

export interface ExportOptions {
  readonly server: string;
  readonly token?: string | undefined;
  readonly query: QueryOf<Routes['exportEvents']>;
  readonly signal: AbortSignal;
  readonly fetch?: typeof fetch;
}

export interface Export {
  /** Id of the event that recorded its beginning: goes into the cursor that it is gone on with by. */
  readonly read: string;
  /** The last position that it will have looked at. */
  readonly upTo: number;
  readonly lines: AsyncIterable<string>;
}

/**
 * One answer of GET /v1/audit/export, line by line with their ends; a line that was cut is not given.
 * @throws StasisError the api's own problem; ServerUnreachable, also from `lines` when the connection breaks.
 */
export async function readExport({
  server,
  token,
  query,
  signal,
  fetch: send = fetch,
}: ExportOptions): Promise<Export> {
  const path = pathOf(routes.exportEvents, { query: query as Readonly<Record<string, string | number>> });
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await send(`${server}${path}`, { headers, signal }).catch((error: unknown) => {
    throw signal.aborted ? error : unreachable(server, error);
  });
  if (!answer.ok || answer.body === null) throw await errorOfAnswer(answer, `GET ${path}`);
  const read = answer.headers.get('stasis-export-read');
  const upTo = Number(answer.headers.get('stasis-export-up-to') ?? Number.NaN);
  if (read === null || !Number.isSafeInteger(upTo))
    throw new StasisError('Internal', `${server} answers an export without saying what it is of`);
  return { read, upTo, lines: linesOf(server, answer.body, signal) };
}

async function* linesOf(server: string, body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body) {
      rest += decoder.decode(chunk, { stream: true });
      const end = rest.lastIndexOf('\n') + 1;
      // RFC 4180 lets a quoted cell hold a line end; ours holds none, since JSON and the api's texts escape them.
      for (const line of rest.slice(0, end).match(/[^\n]*\n/g) ?? []) yield line;
      rest = rest.slice(end);
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw new StasisError('ServerUnreachable', `the export broke off: ${messageOf(error)}`, { cause: error });
  }
}
