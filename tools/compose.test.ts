import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect, it } from 'vitest';
import { parse } from 'yaml';

const root = path.join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface Service {
  readonly image?: string;
  readonly build?: { readonly target: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as Compose;
const dockerfile = read('Dockerfile');

/** tools/compose/compose-spec.json is the schema of github.com/compose-spec/compose-go v2.16.2 (Apache-2.0). */
const validate = (file: unknown): readonly string[] => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  formats.default(ajv);
  // A duration here is Go's (1m30s), not ISO 8601's.
  ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/);
  const check = ajv.compile(JSON.parse(read('tools/compose/compose-spec.json')) as AnySchema);
  return check(file) ? [] : (check.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};

it('is a compose file by the Compose Specification', () => {
  expect(validate(compose)).toEqual([]);
});

it('would notice a key or a value that the Compose Specification does not have', () => {
  const { api } = compose.services;
  expect(validate({ ...compose, services: { api: { ...api, enviroment: {} } } })).not.toEqual([]);
  expect(validate({ ...compose, services: { api: { ...api, ports: 7070 } } })).not.toEqual([]);
});

it('runs Postgres 18, the Kafka of the local broker, and each service from a target of the Dockerfile', () => {
  const kafka = /kafka_2\.13<\/artifactId>\s*<version>([^<]+)/.exec(read('tools/kafka/pom.xml'))?.[1];
  expect(compose.services['postgres']?.image).toBe('postgres:18');
  expect(compose.services['kafka']?.image).toBe(`apache/kafka:${kafka}`);
  const targets = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map((found) => found[1]);
  for (const name of ['migrate', 'api', 'checkpointer', 'restorer']) {
    expect(compose.services[name]?.build?.target).toBe(name);
    expect(targets).toContain(name);
  }
});

it('names only volumes and services that are there, and waits only for a health check that exists', () => {
  for (const service of Object.values(compose.services)) {
    for (const volume of service.volumes ?? []) expect(compose.volumes).toHaveProperty(volume.split(':')[0] ?? '');
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(compose.services).toHaveProperty(name);
      expect(condition !== 'service_healthy' || compose.services[name]?.healthcheck !== undefined).toBe(true);
    }
  }
});

/** Every name of the environment that the settings of apps and libs speak of. */
const settings = new Set(
  globSync('{apps,libs}/*/src/**/*.ts', { cwd: root, exclude: (name) => name.endsWith('.test.ts') }).flatMap(
    (file) => read(file).match(/\b(STASIS|KAFKA|DATABASE)_[A-Z_]+\b/g) ?? [],
  ),
);

it('sets only what the settings know, in compose file and Dockerfile', () => {
  const ours = Object.values(compose.services).filter(({ build }) => build !== undefined);
  const inCompose = ours.flatMap(({ environment = {} }) => Object.keys(environment));
  const inDockerfile = [...dockerfile.matchAll(/^ENV (.+)$/gm)].flatMap(([, pairs = '']) =>
    pairs.split(' ').map((pair) => pair.split('=')[0] ?? ''),
  );
  // NODE_ENV is for the libraries that we use.
  const names = [...inCompose, ...inDockerfile].filter((name) => name !== 'NODE_ENV');
  expect(names).toEqual(expect.arrayContaining(['DATABASE_URL', 'KAFKA_BROKERS', 'STASIS_HOME', 'STASIS_RUNSC']));
  expect(names.filter((name) => !settings.has(name))).toEqual([]);
});

interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}
const manifest = (directory: string): Manifest => JSON.parse(read(path.join(directory, 'package.json'))) as Manifest;

it('starts, copies and builds only what is in the repository', () => {
  const commands = [...dockerfile.matchAll(/^CMD (.+)$/gm)].map((found) => JSON.parse(found[1] ?? '') as string[]);
  expect(commands).toHaveLength(4);
  const words = commands.flat();
  const scripts = words.filter((word) => /^(apps|libs|tools)\//.test(word));
  expect(scripts).toHaveLength(3);
  expect(scripts.filter((script) => !existsSync(path.join(root, script)))).toEqual([]);
  const programs = words.flatMap((word) => /^node_modules\/\.bin\/(.+)$/.exec(word)?.[1] ?? []);
  expect(programs).toEqual(['prisma']);
  const { dependencies, devDependencies } = manifest('.');
  expect(Object.keys({ ...dependencies, ...devDependencies })).toEqual(expect.arrayContaining(programs));

  // COPY takes from the repository, COPY --from out of another stage.
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from = '']) => from.split(' '));
  expect(copied.filter((from) => !existsSync(path.join(root, from)))).toEqual([]);
  for (const [, script = '', workspace = '.'] of dockerfile.matchAll(/^RUN .*?npm run (\S+)(?: --workspace (\S+))?/gm))
    expect(manifest(workspace).scripts).toHaveProperty(script);
  for (const [, stage = ''] of dockerfile.matchAll(/COPY --from=(\S+)/g))
    expect(dockerfile).toMatch(new RegExp(`^FROM \\S+ AS ${stage}$`, 'm'));
});

it('starts each agent with a word that it knows', () => {
  for (const app of ['checkpointer', 'restorer']) {
    expect(dockerfile).toContain(`CMD ["node", "apps/${app}/src/main.ts", "agent"]`);
    expect(read(`apps/${app}/src/main.ts`)).toMatch(/^ {2}agent: /m);
  }
});

it('builds the same runsc as the set-up does', () => {
  const setUp = read('tools/bootstrap/runsc.mjs');
  const [version, release] = [/'(v0\.0\.0-[^']+)'/.exec(setUp)?.[1], /'(release-[^']+)'/.exec(setUp)?.[1]];
  expect(dockerfile).toContain(`gvisor.dev/gvisor/runsc@${version}`);
  expect(dockerfile).toContain(`version.version=${release}`);
});
