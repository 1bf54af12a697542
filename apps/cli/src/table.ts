/** A column: what its cells show. One column of a table may shrink, so that the whole fits. */
export interface Column<T> {
  readonly head: string;
  readonly cell: (item: T) => string;
  readonly right?: boolean;
  readonly shrinks?: boolean;
}

const width = 80;
const gap = '  ';

const cut = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);

/** Rows under a head line, each at most 80 characters; cells of a column that shrinks are cut with `…`. */
export const table = <T>(columns: readonly Column<T>[], items: readonly T[]): string => {
  const rows = [
    columns.map(({ head }) => head),
    ...items.map((item) => columns.map(({ cell }) => oneLine(cell(item)))),
  ];
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const over = widths.reduce((sum, one) => sum + one, gap.length * (columns.length - 1)) - width;
  const shrinking = columns.findIndex(({ shrinks }) => shrinks === true);
  if (over > 0 && shrinking >= 0)
    widths[shrinking] = Math.max(columns[shrinking]!.head.length, widths[shrinking]! - over);
  return rows.map((row) => line(row, columns, widths)).join('');
};

const line = <T>(row: readonly string[], columns: readonly Column<T>[], widths: readonly number[]): string => {
  const cells = row.map((text, at) => {
    const fitted = cut(text, widths[at]!);
    return columns[at]!.right === true ? fitted.padStart(widths[at]!) : fitted.padEnd(widths[at]!);
  });
  return `${cut(cells.join(gap).trimEnd(), width)}\n`;
};

/** Names and values under each other; long values wrap at 80 characters. */
export const facts = (pairs: readonly (readonly [string, string | undefined])[]): string => {
  const shown = pairs.filter((pair): pair is readonly [string, string] => pair[1] !== undefined && pair[1] !== '');
  const left = Math.max(0, ...shown.map(([name]) => name.length)) + gap.length;
  return shown
    .map(([name, value]) => `${name.padEnd(left)}${wrap(oneLine(value), width - left).join(`\n${' '.repeat(left)}`)}\n`)
    .join('');
};

/** Breaks at spaces where it can, inside a word where it must. */
const wrap = (text: string, length: number): string[] => {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > length) {
    const space = rest.lastIndexOf(' ', length);
    const at = space > 0 ? space : length;
    lines.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return [...lines, rest];
};

/** Control characters of a name or a message must not steer the terminal. */
const oneLine = (text: string): string => text.replace(/\p{Cc}+/gu, ' ');
