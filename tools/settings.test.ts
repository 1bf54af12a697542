import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const checkout = path.resolve(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(checkout, file), 'utf8');

const name = '(?:STASIS_[A-Z0-9_]*[A-Z0-9]|KAFKA_[A-Z0-9_]*[A-Z0-9]|DATABASE_URL)';

/** `env['NAME']`, `count(env, 'NAME', …)`, `config.NAME`, and each `NAME:` of `const { NAME: name } = env`. */
function readsOf(source: string): string[] {
  const named = [...source.matchAll(new RegExp(`'(${name})'|\\.(${name})\\b`, 'g'))].map(
    ([, one, other]) => one ?? other!,
  );
  const taken = [...source.matchAll(/const \{([^}]*)\} = (?:env|config|process\.env)\b/g)].flatMap(([, names]) => [
    ...names!.matchAll(new RegExp(`\\b${name}\\b`, 'g')),
  ]);
  return [...named, ...taken.map(([one]) => one)];
}

const sources = globSync(['{apps,libs}/*/src/**/*.{ts,tsx,mjs}', 'tools/{,bootstrap/}*.mjs'], {
  cwd: checkout,
  exclude: (file) => /(^|\/)(node_modules|contract|testing|testKit)$|\.test\.tsx?$/.test(file),
});
const inCode = new Set(sources.flatMap((file) => readsOf(read(file))));

/** The names in the first column of each table of a page's text. */
const rowsOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => /^\| (`[A-Z][^|]*)\|/.exec(line)?.[1] ?? '')
    .flatMap((cell) => [...cell.matchAll(new RegExp(`\`(${name})\``, 'g'))].map(([, one]) => one!));

const settingsOfReadme = read('README.md').split('\n## Settings\n')[1]!.split('\n## ')[0]!;
const documented = [...rowsOf(settingsOfReadme), ...rowsOf(read('docs/settings.md'))].toSorted();

test('each setting that the code reads has one row, in the README or in docs/settings.md, and no other has', () => {
  expect(documented).toEqual([...inCode].toSorted());
});

test('the README leads to the other settings', () => {
  expect(settingsOfReadme).toContain('](docs/settings.md)');
});

test.each(globSync(['*.md', 'docs/**/*.md'], { cwd: checkout }))(
  '%s speaks of no setting that nothing reads',
  (page) => {
    const spoken = [...read(page).matchAll(new RegExp(`\\b${name}\\b`, 'g'))].map(([one]) => one);
    expect(spoken.filter((one) => !inCode.has(one))).toEqual([]);
  },
);
