import { StasisError } from '@stasis/errors';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { routes } from '@stasis/api-contract';
import { canonicalBytes, defaultLedger } from '@stasis/events';
import { type EventFilter, findEvents } from '@stasis/ledger/postgres';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { formatPlace, positionHeader } from '../http/places.ts';
import { whileRead } from '../http/whileRead.ts';
import type { Platform } from '../platform.ts';
import { filterOf } from './eventFilter.ts';
import { type ExportFormat, exportFormats } from './exportFormats.ts';
import { openCursor, recordAudit, recordRead } from './recordRead.ts';

const route = routes.exportEvents;
const question = 'export';
const pageSize = 2000;

/** What is exported: fixed before the first line, so that a broken export can be gone on with. */
interface Export {
  readonly filter: EventFilter;
  readonly ledger: string;
  readonly after: number;
  readonly upTo: number;
  readonly read: string;
}

/**
 * GET /v1/audit/export: every event that fits, streamed. Two events record it: `audit.read` before the first line, and
 * `audit.exported` as the last one. If the second cannot be recorded the connection is cut before the last line, so that
 * nobody takes what they have for the whole.
 */
export const exportEvents = (platform: Platform): Implemented => implement(route, (call) => answer(platform, call));

async function answer(platform: Platform, call: Call<typeof route>): Promise<undefined> {
  const { reply, request, query } = call;
  const exported = await begin(platform, call);
  const format = exportFormats[query.format];
  const signal = whileRead(reply.raw, platform.closing.signal);
  reply.hijack();
  reply.raw.writeHead(200, {
    'content-type': format.contentType,
    'cache-control': 'no-store',
    'x-request-id': request.id,
    'stasis-export-read': exported.read,
    'stasis-export-up-to': String(exported.upTo),
    [positionHeader]: formatPlace({ ledger: exported.ledger, position: exported.upTo }),
  });
  try {
    await stream(platform, call, exported, format, signal);
    reply.raw.end();
  } catch (error) {
    request.log.warn({ err: error }, 'an export broke off');
    reply.raw.destroy();
  }
  return undefined;
}

async function begin(platform: Platform, { query, actor }: Call<typeof route>): Promise<Export> {
  const filter = await filterOf(platform, query);
  const { ledger = defaultLedger, after = 0 } = filter;
  if (query.cursor !== undefined) {
    const { place, read, position } = await openCursor(platform, actor, query.cursor, { question, query });
    if (!/^\d{1,15}$/.test(place))
      throw new StasisError('BadRequest', `"${query.cursor.slice(0, 60)}" is not a cursor of an export`, {
        next: 'It is <position>.<id of the read>.',
      });
    return { filter, ledger, after: Number(place), upTo: position, read };
  }
  const upTo = Math.min(filter.upTo ?? Number.MAX_SAFE_INTEGER, await platform.ledger.head(ledger));
  const read = await recordRead(platform, actor, { question, query, ledger, position: upTo, rows: [], more: true });
  return { filter, ledger, after, upTo, read };
}

async function stream(
  platform: Platform,
  { reply, query, actor }: Call<typeof route>,
  { filter, ledger, after, upTo, read }: Export,
  format: ExportFormat,
  signal: AbortSignal,
): Promise<void> {
  const digest = createHash('sha256');
  const write = async (text: string): Promise<void> => {
    if (!reply.raw.write(text)) await once(reply.raw, 'drain', { signal });
    signal.throwIfAborted();
  };
  const tell = async (text: string): Promise<void> => {
    digest.update(text);
    await write(text);
  };
  let rows = 0;
  let from = after;
  if (query.cursor === undefined) await tell(format.head);
  for (;;) {
    const page = await findEvents(platform.ledger.database, { ...filter, ledger, after: from, upTo, limit: pageSize });
    if (page.items.length > 0) await tell(page.items.map(format.line).join(''));
    rows += page.items.length;
    if (page.next === null) break;
    from = Number(page.next);
  }
  const told = { read, format: query.format, ledger, after, upTo, rows, digest: `sha256:${digest.digest('hex')}` };
  const id = await recordAudit(platform, actor, 'audit.exported', told);
  const last = await platform.ledger.findEvent(id);
  const leaf = new TextDecoder().decode(canonicalBytes(last!.event));
  await write(format.line({ position: last!.position, leaf, text: null }));
}
