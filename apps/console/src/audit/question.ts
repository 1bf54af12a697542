import { type QueryOf, routes, type Routes } from '@stasis/api-contract';

/** What the api can be asked, in its own words: `container:node-1/web type:checkpoint.ready kernel upgrade`. */
export type Question = NonNullable<QueryOf<Routes['listEvents']>>;

const asked = Object.keys(routes.listEvents.query.shape);
const notFilters = new Set(['ledger', 'waitFor', 'limit', 'cursor', 'order', 'text']);

/** The words before a colon that the search takes. */
export const filterNames: readonly string[] = asked.filter((name) => !notFilters.has(name)).concat('ledger');

export interface Chip {
  readonly name: string;
  readonly value: string;
}

/**
 * Reads a search: `name:value` words are filters, a value with spaces is quoted, and all other words are looked for in
 * the free text of reasons. A word before a colon that is no filter is left among the free words.
 */
export function readSearch(words: string): { readonly chips: readonly Chip[]; readonly text: string } {
  const chips: Chip[] = [];
  const free: string[] = [];
  for (const [whole, name = '', quoted, bare] of words.matchAll(/([a-zA-Z]+):(?:"([^"]*)"|(\S+))|\S+/g)) {
    const value = quoted ?? bare;
    if (value !== undefined && filterNames.includes(name)) chips.push({ name, value });
    else free.push(whole);
  }
  return { chips, text: free.join(' ') };
}

export const writeSearch = (chips: readonly Chip[], text: string): string =>
  [...chips.map(({ name, value }) => `${name}:${/\s/.test(value) ? `"${value}"` : value}`), text]
    .filter((part) => part !== '')
    .join(' ');

export function questionOf(words: string): Question {
  const { chips, text } = readSearch(words);
  return {
    ...Object.fromEntries(chips.map(({ name, value }) => [name, value])),
    ...(text !== '' && { text }),
  } as Question;
}
