import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import { checkBoundaries } from './boundaries.ts';

// Each starts dependency-cruiser, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const root = path.join(import.meta.dirname, '..');
const made: string[] = [];
afterAll(() => made.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

/** What each package.json of a small workspace declares, unless the test is about that. */
const everyLib = Object.fromEntries(
  ['errors', 'spec', 'events', 'ledger', 'store', 'testing'].map((name) => [`@stasis/${name}`, '0.0.0']),
);

/** A small workspace under this repository's rules, with the given files. */
const workspace = (files: Record<string, string>, declared: Readonly<Record<string, string>> = everyLib): string => {
  const dir = mkdtempSync(path.join(tmpdir(), 'stasis-boundaries-'));
  made.push(dir);
  for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json']) cpSync(path.join(root, file), path.join(dir, file));
  for (const folder of ['apps', 'libs', 'node_modules/@stasis']) mkdirSync(path.join(dir, folder), { recursive: true });
  const names = new Set(Object.keys(files).map((file) => file.split('/').slice(0, 2).join('/')));
  for (const place of names) {
    const name = path.basename(place);
    mkdirSync(path.join(dir, place, 'src'), { recursive: true });
    const manifest = { name: `@stasis/${name}`, type: 'module', exports: { '.': './src/index.ts' } };
    writeFileSync(path.join(dir, place, 'package.json'), JSON.stringify({ ...manifest, devDependencies: declared }));
    symlinkSync(path.join(dir, place), path.join(dir, 'node_modules/@stasis', name));
  }
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(dir, file), text);
  return dir;
};

const one = 'export const one = 1;\n';

it.each([
  ['no-cycles', { 'libs/spec/src/a.ts': "import './b.ts';\n", 'libs/spec/src/b.ts': "import './a.ts';\n" }],
  [
    'no-import-from-above-spec-container-events-proof',
    { 'libs/events/src/index.ts': "import '@stasis/ledger';\n", 'libs/ledger/src/index.ts': one },
  ],
  [
    'no-import-from-above-errors',
    {
      'libs/errors/src/index.ts': "import type { one } from '@stasis/spec';\nexport type One = typeof one;\n",
      'libs/spec/src/index.ts': one,
    },
  ],
  [
    'libs-not-to-apps',
    { 'libs/agent/src/index.ts': "import '../../../apps/api/src/index.ts';\n", 'apps/api/src/index.ts': one },
  ],
  [
    'apps-not-to-each-other',
    { 'apps/cli/src/index.ts': "import '../../api/src/index.ts';\n", 'apps/api/src/index.ts': one },
  ],
  [
    'libs-only-by-package-name',
    { 'apps/cli/src/index.ts': "import '../../../libs/spec/src/index.ts';\n", 'libs/spec/src/index.ts': one },
  ],
  [
    'resolvable',
    {
      'apps/cli/src/index.ts': "import '@stasis/spec/src/inner.ts';\n",
      'libs/spec/src/inner.ts': one,
      'libs/spec/src/index.ts': one,
    },
  ],
  [
    'pure-libs-import-no-node',
    { 'libs/lifecycle/src/index.ts': "import { hash } from 'node:crypto';\nhash('sha256', '');\n" },
  ],
  [
    'testing-is-for-tests',
    { 'libs/store/src/index.ts': "import '@stasis/testing';\n", 'libs/testing/src/index.ts': one },
  ],
])('catches a breach of %s', async (rule, files) => {
  const { violations } = await checkBoundaries(workspace(files as Record<string, string>));
  expect(violations.map((violation) => violation.split(':')[0])).toContain(rule);
});

it('accepts what points down', async () => {
  const { violations, unseen, sources } = await checkBoundaries(
    workspace({
      'apps/cli/src/index.ts': "import '@stasis/store';\n",
      'libs/store/src/index.ts': "import { one } from '@stasis/errors';\nimport 'node:fs';\nexport const two = one;\n",
      'libs/store/src/index.test.ts': "import '@stasis/testing';\n",
      'libs/testing/src/index.ts': one,
      'libs/errors/src/index.ts': one,
    }),
  );
  expect({ violations, unseen, sources }).toEqual({ violations: [], unseen: [], sources: 5 });
});

it('catches an import of a workspace that package.json does not declare', async () => {
  const files = {
    'libs/store/src/index.ts': "import '@stasis/errors';\n",
    'libs/store/src/index.test.ts': "import '@stasis/testing';\n",
    'libs/testing/src/index.ts': one,
    'libs/errors/src/index.ts': one,
  };
  const { violations } = await checkBoundaries(workspace(files, { '@stasis/errors': '0.0.0' }));
  expect(violations).toEqual(['declared-in-package-json: libs/store/src/index.test.ts -> @stasis/testing']);
});
