import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const checkout = path.resolve(import.meta.dirname, '..');
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: checkout });

/** Inline code that names a file or folder of the repository; a placeholder in it makes it an example. */
const namedPath = /`((?:apps|libs|tests|tools|prisma|docs|\.ci)\/[A-Za-z0-9_./-]+)`/g;
const relativeLink = /\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g;

test.each(pages)('every file that %s names is there', (page) => {
  const text = readFileSync(path.join(checkout, page), 'utf8');
  const named = [...text.matchAll(namedPath)].map((match) => path.join(checkout, match[1]!));
  const linked = [...text.matchAll(relativeLink)].map((match) => path.join(checkout, path.dirname(page), match[1]!));
  const missing = [...named, ...linked].filter((file) => !existsSync(file));
  expect(missing.map((file) => path.relative(checkout, file))).toEqual([]);
});

test('there are pages to check', () => {
  expect(pages).toContain('README.md');
  expect(pages).toContain(path.join('docs', 'ARCHITECTURE.md'));
});
