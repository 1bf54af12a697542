import { createHash, type Hash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type QueryOf, readExport, type Routes } from '@stasis/api-contract';
import { isStasisError, StasisError } from '@stasis/errors';
import type { Session } from '../session.ts';

export type ExportQuery = QueryOf<Routes['exportEvents']> & { readonly format: 'ndjson' | 'csv' };

/** One answer of the api that came to its end; a broken export has one for each time it was gone on with. */
export interface ExportPart {
  /** Id of the `audit.exported` event that came last. */
  readonly event: string;
  readonly rows: number;
  readonly digest: string;
}

export interface Written {
  readonly read: string;
  readonly upTo: number;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly part: ExportPart;
}

const mostBreaks = 20;
const progressEveryRows = 20_000;

/**
 * Streams an export into a file. When the connection breaks it is gone on with after the last whole line; the digest that
 * the api recorded is compared with what was written since.
 * @throws StasisError IntegrityMismatch when they differ; ServerUnreachable after 20 breaks.
 */
export async function writeExport(session: Session, query: ExportQuery, file: string): Promise<Written> {
  const out = createWriteStream(file, { flags: 'wx' });
  await once(out, 'open');
  const state: State = { out, whole: createHash('sha256'), rows: 0, bytes: 0 };
  try {
    for (let breaks = 0; ; breaks += 1) {
      try {
        return await writePart(session, query, state);
      } catch (error) {
        if (!isStasisError(error) || error.code !== 'ServerUnreachable' || breaks >= mostBreaks) throw error;
        session.printer.progress(`${error.message}; going on after position ${state.position ?? 0}`);
        await sleep(Math.min(5000, 200 * 2 ** breaks), undefined, { signal: session.io.signal });
      }
    }
  } finally {
    out.end();
    await once(out, 'close');
  }
}

interface State {
  readonly out: WriteStream;
  readonly whole: Hash;
  rows: number;
  bytes: number;
  position?: number;
  read?: string;
}

async function writePart(session: Session, query: ExportQuery, state: State): Promise<Written> {
  const { read: known, position } = state;
  const cursor = known === undefined || position === undefined ? {} : { cursor: `${position}.${known}` };
  const { read, upTo, lines } = await readExport({
    ...session.connection,
    query: { ...query, ...cursor },
    signal: session.io.signal,
  });
  state.read = read;
  const digest = createHash('sha256');
  // The last line is the event that records the export: each is held back until another one follows.
  let held: string | undefined;
  for await (const line of lines) {
    if (held !== undefined) await keep(session, query.format, state, digest, held, upTo);
    held = line;
  }
  const part = partOf(query.format, held, read);
  const found = `sha256:${digest.digest('hex')}`;
  if (part.digest !== found)
    throw new StasisError('IntegrityMismatch', `the export has digest ${found}, the api recorded ${part.digest}`);
  const { rows, bytes, whole } = state;
  return { read, upTo, rows, bytes, sha256: whole.digest('hex'), part };
}

async function keep(
  { printer }: Session,
  format: ExportQuery['format'],
  state: State,
  digest: Hash,
  line: string,
  upTo: number,
): Promise<void> {
  digest.update(line);
  state.whole.update(line);
  state.bytes += Buffer.byteLength(line);
  if (!state.out.write(line)) await once(state.out, 'drain');
  const position = positionIn(format, line);
  if (position === undefined) return;
  state.position = position;
  state.rows += 1;
  if (state.rows % progressEveryRows === 0) printer.progress(`${state.rows} events, position ${position} of ${upTo}`);
}

/** Absent in the head of a CSV. The api writes an event's position after everything of its leaf. */
const positionIn = (format: ExportQuery['format'], line: string): number | undefined => {
  const [, digits] =
    format === 'csv'
      ? (/^"([0-9]+)",/.exec(line) ?? [])
      : (/^"position":([0-9]+)/.exec(line.slice(line.lastIndexOf('"position":'))) ?? []);
  return digits === undefined ? undefined : Number(digits);
};

/** @throws StasisError ServerUnreachable when the answer ended without its last line. */
function partOf(format: ExportQuery['format'], line: string | undefined, read: string): ExportPart {
  const event = line === undefined ? undefined : exportedIn(format, line);
  if (event === undefined || event.data.read !== read)
    throw new StasisError('ServerUnreachable', 'the export ended before its last line');
  return { event: event.id, rows: event.data.rows, digest: event.data.digest };
}

interface Exported {
  readonly id: string;
  readonly data: { readonly read: string; readonly rows: number; readonly digest: string };
}

function exportedIn(format: ExportQuery['format'], line: string): Exported | undefined {
  if (!line.includes('dev.stasis.audit.exported.v1')) return undefined;
  if (format === 'ndjson') return JSON.parse(line) as Exported;
  const cells = [...line.matchAll(/"((?:[^"]|"")*)"/g)].map(([, cell]) => cell!.replaceAll('""', '"'));
  return { id: cells[1]!, data: JSON.parse(cells.at(-1)!) as Exported['data'] };
}
