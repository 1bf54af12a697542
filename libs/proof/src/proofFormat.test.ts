import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkProof, parseVerifierKey, parseWitnessKey, proofChecks, readProof } from './index.ts';

const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/formats/proof.md'), 'utf8');
/** The one code block of the page in that language. */
const block = (language: string): string => {
  const [found, ...others] = page.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'gm'));
  expect(others).toEqual([]);
  return found![1]!;
};
const key = parseVerifierKey(block('key'));
const witnesses = [parseWitnessKey(block('witness'))];

test.each(['json', 'tlog-proof'])('the example of docs/formats/proof.md holds: %s', (form) => {
  const verdict = checkProof(readProof(block(form)), { key, witnesses });
  expect(verdict.checks.filter(({ holds }) => !holds)).toEqual([]);
  expect(verdict).toMatchObject({ holds: true, position: 2, treeSize: 3 });
});

test('each check and each member of the example is described there, in order', () => {
  expect([...page.matchAll(/^\d\. `(\w+)`:/gm)].map((found) => found[1])).toEqual(proofChecks);
  const members = [...page.matchAll(/^\| `(\w+)` /gm)].map((found) => found[1]);
  expect(members).toEqual(Object.keys(JSON.parse(block('json')) as object));
});
