import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..');

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifests = globSync(['package.json', 'apps/*/package.json', 'libs/*/package.json'], { cwd: root }).map(
  (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as Manifest,
);

const asked = manifests.flatMap((manifest) =>
  Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).map(([name, version]) => ({
    by: manifest.name,
    name,
    version,
  })),
);

const outside = asked.filter(({ name }) => !name.startsWith('@stasis/'));

it('gives a reason for each dependency, and lists no other', () => {
  const page = readFileSync(path.join(root, 'docs/dependencies.md'), 'utf8');
  const listed = [...page.matchAll(/^\| `([^`]+)`\s*\| (\S.*\S)\s*\|$/gm)].map((found) => found[1]);
  expect(new Set(listed)).toEqual(new Set(outside.map(({ name }) => name)));
  expect(listed).toHaveLength(new Set(listed).size);
});

it('pins each dependency exactly, and to one version in all of the repository', () => {
  expect(outside.filter(({ version }) => !/^(npm:[^@]*@?[^@]+@)?\d+\.\d+\.\d+(-\S+)?$/.test(version))).toEqual([]);
  const versions = Map.groupBy(outside, ({ name }) => name);
  const apart = [...versions].filter(([, uses]) => new Set(uses.map(({ version }) => version)).size > 1);
  expect(apart).toEqual([]);
});
