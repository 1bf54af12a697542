import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const docs = path.resolve(import.meta.dirname, '../../../docs');

/**
 * The generated part of a page: between `<!-- begin: NAME -->` and `<!-- end: NAME -->`. A test compares it with what the
 * code says, so that the page cannot drift; `STASIS_UPDATE_DOCS=1` writes it instead.
 */
export function docsSection(page: string, name: string, fromCode: string): { written: string; expected: string } {
  const file = path.join(docs, page);
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [`<!-- begin: ${name} -->\n`, `<!-- end: ${name} -->`];
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(end);
  if (from < begin.length || to < from) throw new Error(`docs/${page} lacks the markers of "${name}"`);
  const expected = `\n${fromCode.trim()}\n\n`;
  if (process.env.STASIS_UPDATE_DOCS === '1') writeFileSync(file, text.slice(0, from) + expected + text.slice(to));
  const written = process.env.STASIS_UPDATE_DOCS === '1' ? expected : text.slice(from, to);
  return { written: unpadded(written), expected: unpadded(expected) };
}

/** The formatter pads the cells of a table; what they say is what counts. */
const unpadded = (markdown: string): string => markdown.replaceAll(/-{3,}/g, '---').replaceAll(/ {2,}/g, ' ');
