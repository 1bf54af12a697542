// Checks .dependency-cruiser.mjs against every source file, and that every source file was looked at: without a
// TypeScript that it can use, dependency-cruiser skips .ts files and finds nothing wrong.
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

interface Report {
  readonly modules: readonly {
    readonly source: string;
    /** As it is written in the import, and the file that this is. */
    readonly dependencies: readonly { readonly module: string; readonly resolved: string }[];
  }[];
  readonly summary: {
    readonly violations: readonly {
      readonly from: string;
      readonly to: string;
      readonly rule: { readonly name: string };
    }[];
  };
}

export interface Boundaries {
  readonly sources: number;
  readonly violations: readonly string[];
  /** Source files that the check did not look at. */
  readonly unseen: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Imports of one workspace by another whose package.json does not say so: nx would not see that edge. */
const undeclared = (root: string, report: Report): string[] => {
  const manifests = new Map<string, Manifest>();
  const manifestOf = (source: string): Manifest => {
    const place = source.split('/').slice(0, 2).join('/');
    const known = manifests.get(place);
    if (known !== undefined) return known;
    const read = JSON.parse(readFileSync(path.join(root, place, 'package.json'), 'utf8')) as Manifest;
    manifests.set(place, read);
    return read;
  };
  const found = report.modules.flatMap(({ source, dependencies }) =>
    dependencies.flatMap(({ module }) => {
      if (!module.startsWith('@stasis/') || !/^(apps|libs)\//.test(source)) return [];
      const imported = module.split('/').slice(0, 2).join('/');
      const { name, dependencies: used = {}, devDependencies: usedInTests = {} } = manifestOf(source);
      if (imported === name || imported in used || imported in usedInTests) return [];
      return [`declared-in-package-json: ${source} -> ${imported}`];
    }),
  );
  return [...new Set(found)];
};

/** Runs the rules of `root`'s .dependency-cruiser.mjs over its apps and libs. */
export const checkBoundaries = async (root: string): Promise<Boundaries> => {
  const program = path.join(import.meta.dirname, '../node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const args = [program, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'apps', 'libs'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 1 << 28 });
  const report = JSON.parse(stdout) as Report;
  const seen = new Set(report.modules.map((module) => module.source));
  const sources = globSync('{apps,libs}/*/{src,bin,bench}/**/*.{ts,tsx}', { cwd: root });
  return {
    sources: sources.length,
    violations: [
      ...report.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`),
      ...undeclared(root, report),
    ],
    unseen: sources.filter((source) => !seen.has(source)),
  };
};

if (import.meta.main) {
  const { sources, violations, unseen } = await checkBoundaries(path.join(import.meta.dirname, '..'));
  for (const violation of violations) console.error(violation);
  for (const source of unseen) console.error(`not looked at: ${source}`);
  if (sources === 0) console.error('no source file was found');
  if (violations.length + unseen.length > 0 || sources === 0) process.exitCode = 1;
  else console.error(`boundaries: ${sources} source files, no violation`);
}
