import type { StasisError } from '@stasis/errors';
import type { Io } from './io.ts';
import { type Column, table } from './table.ts';

export const formats = ['table', 'json', 'ndjson'] as const;
export type Format = (typeof formats)[number];

/** Writes what a command has to say in the format that was asked for. With `json`, stdout gets one document in all. */
export interface Printer {
  readonly format: Format;
  /** One thing: as JSON whole, else as `text` says it. */
  one(value: unknown, text: () => string): void;
  /** A page: as JSON whole, as NDJSON one item a line, else as a table. */
  page<T>(page: { readonly items: readonly T[]; readonly position: number }, columns: readonly Column<T>[]): void;
  /** One of a stream of things. */
  line(value: unknown, text: () => string): void;
  /** What goes on meanwhile; shown on a terminal only. */
  progress(words: string): void;
  /** What a person should know in any case. */
  warn(words: string): void;
  /** The end of a command that did not work. */
  error(error: StasisError): void;
}

const json = (value: unknown, format: Format): string => `${JSON.stringify(value, null, format === 'json' ? 2 : 0)}\n`;

export const createPrinter = (io: Io, format: Format): Printer => {
  let printed = false;
  const out = (text: string): void => {
    printed = true;
    io.out(text);
  };
  const progress = (words: string): void => {
    if (io.terminal) io.err(`${words}\n`);
  };
  return {
    format,
    one: (value, text) => out(format === 'table' ? text() : json(value, format)),
    page: (page, columns) => {
      if (format === 'json') out(json(page, format));
      else if (format === 'ndjson') for (const item of page.items) out(json(item, format));
      else out(table(columns, page.items));
      if (format === 'table') progress(`as of ${page.position}`);
    },
    line: (value, text) => out(format === 'table' ? text() : json(value, 'ndjson')),
    progress,
    warn: (words) => io.err(`warning: ${words}\n`),
    error: ({ code, message, next, details }) => {
      if (format !== 'table' && !printed)
        out(json({ error: { code, message, ...(next !== undefined && { next }), details } }, format));
      io.err(`error: ${code}: ${message}\n`);
      for (const { field, message: detail } of details)
        io.err(`  ${field === undefined ? '' : `${field}: `}${detail}\n`);
      if (next !== undefined) io.err(`next: ${next}\n`);
    },
  };
};
