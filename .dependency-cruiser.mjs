// Which module may import which. tools/boundaries.ts runs this and asserts that every source file was seen.

/** Layers from the ground up: a lib imports its own layer and those below, never one above. */
export const layers = [
  ['errors'],
  ['spec', 'container', 'events', 'proof'],
  ['lifecycle'],
  ['ledger', 'bus', 'image', 'store', 'runtime'],
  ['agent', 'api-contract'],
];

const test = '\\.test\\.tsx?$|^libs/[^/]+/bench/|^libs/testing/';
const anyOf = (names) => `^libs/(${names.join('|')})/`;
const pure = layers.slice(0, 3).flat();

const layerRules = layers.slice(0, -1).map((names, at) => ({
  name: `no-import-from-above-${names.join('-')}`,
  comment: 'Dependencies point down: errors, then spec, container, events, proof, then lifecycle, then ledger, bus, …',
  severity: 'error',
  from: { path: anyOf(names), pathNot: test },
  to: { path: anyOf(layers.slice(at + 1).flat()) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    ...layerRules,
    { name: 'libs-not-to-apps', severity: 'error', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'apps-not-to-each-other',
      severity: 'error',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libs-only-by-package-name',
      comment: 'A path into another lib goes around its package.json exports; only a package name is held to them.',
      severity: 'error',
      from: { path: '^(apps|libs)/([^/]+)/' },
      to: { path: '^libs/', pathNot: '^$1/$2/', dependencyTypes: ['local'] },
    },
    {
      name: 'pure-libs-import-no-node',
      comment: 'lifecycle and below also run in the console and in the simulation.',
      severity: 'error',
      from: { path: anyOf(pure), pathNot: test },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: test },
      to: { path: '^libs/testing/' },
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    exclude: { path: '^apps/console/dist/' },
    doNotFollow: { path: 'node_modules|^generated' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'default'] },
  },
};
