import { keyOf, outcomeOf, type StasisEvent } from '@stasis/events';
import type { Hit } from '@stasis/ledger/postgres';

/** How an export says an event: lines with their ends. */
export interface ExportFormat {
  readonly contentType: string;
  readonly head: string;
  readonly line: (hit: Pick<Hit, 'position' | 'leaf' | 'text'>) => string;
}

const columns = [
  'position',
  'id',
  'time',
  'recordedtime',
  'type',
  'outcome',
  'subject',
  'source',
  'authtype',
  'authid',
  'correlationid',
  'reasontext',
  'data',
] as const;

/** Spreadsheets run a cell that begins so: an apostrophe makes it text (OWASP, CSV injection). */
const runs = /^[=+\-@\t\r]/;

/** RFC 4180, each cell in quotes. */
const cell = (value: string): string => `"${(runs.test(value) ? `'${value}` : value).replaceAll('"', '""')}"`;
const row = (cells: readonly string[]): string => `${cells.map(cell).join(',')}\r\n`;

export const exportFormats = {
  /** CloudEvents 1.0, JSON: the leaf as recorded, with the place and the free text as extensions. */
  ndjson: {
    contentType: 'application/x-ndjson',
    head: '',
    line: ({ position, leaf, text }) => {
      const more = text === null ? '' : `,"reasontext":${JSON.stringify(text)}`;
      return `${leaf.slice(0, -1)},"position":${position}${more}}\n`;
    },
  },
  csv: {
    contentType: 'text/csv; charset=utf-8',
    head: `${columns.join(',')}\r\n`,
    line: ({ position, leaf, text }) => {
      const event = JSON.parse(leaf) as StasisEvent;
      const key = keyOf(event.type);
      const cells: Record<(typeof columns)[number], string> = {
        position: String(position),
        id: event.id,
        time: event.time,
        recordedtime: event.recordedtime ?? '',
        type: event.type,
        outcome: (key && outcomeOf(key)) ?? '',
        subject: event.subject,
        source: event.source,
        authtype: event.authtype,
        authid: event.authid,
        correlationid: event.correlationid,
        // A row is a line, so that a reader can go on after the last whole one.
        reasontext: (text ?? '').replaceAll(/[\r\n]+/g, ' '),
        data: JSON.stringify(event.data),
      };
      return row(columns.map((name) => cells[name]));
    },
  },
} as const satisfies Readonly<Record<'ndjson' | 'csv', ExportFormat>>;
