import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareSpecs } from './compareSpecs.ts';
import type { OciSpec } from './ociSpec.ts';
import { redactSpec } from './redactSpec.ts';
import { normaliseSpec } from './normaliseSpec.ts';
import { specDigest } from './specDigest.ts';

const frozen = {
  ociVersion: '1.2.0',
  process: {
    args: ['node', 'app.js'],
    env: ['PATH=/bin', 'TOKEN=hunter2'],
    cwd: '/app',
    user: { uid: 1000, gid: 1000 },
    capabilities: { bounding: ['CAP_KILL', 'CAP_CHOWN'] },
  },
  root: { path: 'rootfs', readonly: true },
  hostname: 'web-1',
  mounts: [
    { destination: '/proc', type: 'proc', source: 'proc' },
    { destination: '/data', type: 'bind', source: '/srv/a', options: ['rbind', 'rw'] },
  ],
  annotations: { 'a/b~c': 'x' },
  hooks: { prestart: [{ path: '/bin/hook' }] },
  linux: {
    namespaces: [{ type: 'pid' }, { type: 'network', path: '/var/run/netns/a' }],
    cgroupsPath: '/a',
    resources: { memory: { limit: 1024 } },
  },
} satisfies OciSpec;

const compare = (change: (spec: typeof frozen & Record<string, unknown>) => object) =>
  compareSpecs(frozen, change(structuredClone(frozen)) as OciSpec);

const pointers = (change: Parameters<typeof compare>[0]) => {
  const { refused, warned, allowed } = compare(change);
  const of = (list: typeof refused) => list.map((one) => one.pointer);
  return { refused: of(refused), warned: of(warned), allowed: of(allowed) };
};

const none = { refused: [], warned: [], allowed: [] };

describe('compareSpecs', () => {
  it('finds nothing between a spec and itself, raw or as frozen', () => {
    expect(compare((spec) => spec)).toEqual(none);
    expect(compareSpecs(redactSpec(normaliseSpec(frozen)), frozen)).toEqual(none);
  });

  it('finds nothing where only the order of sets, empty lists or spelled-out defaults differ', () => {
    expect(
      compare((spec) => ({
        ...spec,
        process: {
          ...spec.process,
          terminal: false,
          rlimits: [],
          capabilities: { bounding: ['CAP_CHOWN', 'CAP_KILL'], ambient: [] },
        },
        linux: { ...spec.linux, namespaces: spec.linux.namespaces.toReversed() },
      })),
    ).toEqual(none);
  });

  it.each<[string, Parameters<typeof compare>[0], string]>([
    ['the root path', (spec) => ({ ...spec, root: { ...spec.root, path: '/other' } }), '/root/path'],
    ['the cgroups path', (spec) => ({ ...spec, linux: { ...spec.linux, cgroupsPath: '/b' } }), '/linux/cgroupsPath'],
    ['hooks', (spec) => ({ ...spec, hooks: { poststop: [{ path: '/x' }] } }), '/hooks'],
    ['no hooks', (spec) => ({ ...spec, hooks: undefined }), '/hooks'],
    [
      'a mount source',
      (spec) => ({ ...spec, mounts: spec.mounts.map((m) => (m.type === 'bind' ? { ...m, source: '/srv/b' } : m)) }),
      '/mounts/1/source',
    ],
    [
      'a namespace path, by its place in the spec as written',
      (spec) => ({ ...spec, linux: { ...spec.linux, namespaces: [{ type: 'pid' }, { type: 'network', path: '/b' }] } }),
      '/linux/namespaces/1/path',
    ],
  ])('allows %s to change', (_, change, pointer) => {
    expect(pointers(change)).toEqual({ ...none, allowed: [pointer] });
  });

  it('warns of a host name, which the process will not see', () => {
    expect(pointers((spec) => ({ ...spec, hostname: 'web-2' }))).toEqual({ ...none, warned: ['/hostname'] });
  });

  it('warns of each variable by name and shows no value of it', () => {
    const result = compare((spec) => ({
      ...spec,
      process: { ...spec.process, env: ['PATH=/bin', 'TOKEN=hunter3', 'NEW=1'] },
    }));
    expect(result).toMatchObject({ refused: [], allowed: [] });
    expect(result.warned.map((one) => one.message)).toEqual([
      expect.stringContaining('TOKEN in /process/env differs'),
      expect.stringContaining('NEW in /process/env is added'),
    ]);
    expect(JSON.stringify(result)).not.toContain('hunter');
  });

  it('warns when only the order of the variables differs', () => {
    const result = compare((spec) => ({ ...spec, process: { ...spec.process, env: spec.process.env.toReversed() } }));
    expect(result).toMatchObject({ refused: [], allowed: [], warned: [{ pointer: '/process/env' }] });
    expect(result.warned).toHaveLength(1);
  });

  it('finds a difference exactly where the digests differ', () => {
    const mount = fc.record(
      { destination: fc.constantFrom('/a', '/b'), source: fc.constantFrom('/x', '/y'), options: fc.array(fc.string()) },
      { requiredKeys: ['destination'] },
    );
    const some = fc.record(
      {
        mounts: fc.array(mount, { maxLength: 3 }),
        hostname: fc.constantFrom('a', 'b'),
        annotations: fc.dictionary(fc.constantFrom('a', 'b/c'), fc.constantFrom('1', '2')),
        process: fc.record({ cwd: fc.constant('/'), env: fc.array(fc.constantFrom('A=1', 'A=2', 'B=1')) }),
        linux: fc.record({ maskedPaths: fc.array(fc.constantFrom('/p', '/q')) }),
        extra: fc.jsonValue({ maxDepth: 2 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(some, some, (one, two) => {
        const [a, b] = [one, two].map((part) => ({ ociVersion: '1', ...part }) as OciSpec) as [OciSpec, OciSpec];
        const { refused, warned, allowed } = compareSpecs(a, b);
        expect(refused.length + warned.length + allowed.length > 0).toBe(specDigest(a) !== specDigest(b));
      }),
      { numRuns: 500 },
    );
  });

  it.each<[string, Parameters<typeof compare>[0], string[]]>([
    ['args', (spec) => ({ ...spec, process: { ...spec.process, args: ['node', 'b.js'] } }), ['/process/args/1']],
    ['cwd', (spec) => ({ ...spec, process: { ...spec.process, cwd: '/' } }), ['/process/cwd']],
    [
      'the user',
      (spec) => ({ ...spec, process: { ...spec.process, user: { uid: 0 } } }),
      ['/process/user/uid', '/process/user/gid'],
    ],
    [
      'capabilities',
      (spec) => ({ ...spec, process: { ...spec.process, capabilities: { bounding: ['CAP_KILL'] } } }),
      ['/process/capabilities/bounding'],
    ],
    ['a writable root', (spec) => ({ ...spec, root: { path: 'rootfs' } }), ['/root/readonly']],
    [
      'an annotation, its key escaped',
      (spec) => ({ ...spec, annotations: { 'a/b~c': 'y' } }),
      ['/annotations/a~1b~0c'],
    ],
    ['memory', (spec) => ({ ...spec, linux: { ...spec.linux, resources: {} } }), ['/linux/resources']],
    ['a terminal', (spec) => ({ ...spec, process: { ...spec.process, terminal: true } }), ['/process/terminal']],
    ['a new member', (spec) => ({ ...spec, extra: 1 }), ['/extra']],
    ['one mount less', (spec) => ({ ...spec, mounts: spec.mounts.slice(1) }), ['/mounts/0']],
    [
      'one mount more in front',
      (spec) => ({ ...spec, mounts: [{ destination: '/x', type: 'tmpfs' }, ...spec.mounts] }),
      ['/mounts/0'],
    ],
    ['mounts in another order', (spec) => ({ ...spec, mounts: spec.mounts.toReversed() }), ['/mounts']],
    [
      'a mount option',
      (spec) => ({
        ...spec,
        mounts: spec.mounts.map((m) => (m.type === 'bind' ? { ...m, options: ['rbind', 'ro'] } : m)),
      }),
      ['/mounts/1/options/1'],
    ],
    [
      'a namespace more',
      (spec) => ({ ...spec, linux: { ...spec.linux, namespaces: [{ type: 'ipc' }, ...spec.linux.namespaces] } }),
      ['/linux/namespaces/0'],
    ],
  ])('refuses %s', (_, change, expected) => {
    expect(pointers(change)).toEqual({ ...none, refused: expected });
  });

  it('says in words what differs', () => {
    const [first] = compare((spec) => ({ ...spec, process: { ...spec.process, cwd: '/' } })).refused;
    expect(first).toEqual({
      pointer: '/process/cwd',
      frozen: '/app',
      wanted: '/',
      message: '/process/cwd differs, which a restore may not change',
    });
  });
});
