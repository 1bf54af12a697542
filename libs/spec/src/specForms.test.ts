import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { normaliseSpec } from './normaliseSpec.ts';
import type { OciSpec } from './ociSpec.ts';
import { redactSpec } from './redactSpec.ts';
import { specDigest } from './specDigest.ts';

const spec: OciSpec = {
  ociVersion: '1.2.0',
  process: {
    cwd: '/',
    args: ['app', '--token=abc', '--password', 'def', '--name=web', '-v'],
    env: ['A=1', 'SECRET=x=y', 'EMPTY=', 'FLAG'],
  },
  mounts: [{ destination: '/s', type: 'cifs', options: ['ro', 'password=ghi', 'uid=0'] }],
  annotations: { 'db.password': 'jkl', 'io.name': 'web' },
  hooks: { prestart: [{ path: '/h', env: ['T=mno'], args: ['h'] }] },
};

describe('redactSpec', () => {
  it('leaves no value of env and no value named a secret, and keeps the rest', () => {
    const redacted = redactSpec(spec);
    const digest = expect.stringMatching(/^sha256:[0-9a-f]{64}$/);
    expect(redacted.process?.env).toEqual([
      expect.stringMatching(/^A=sha256:[0-9a-f]{64}$/),
      expect.stringMatching(/^SECRET=sha256:[0-9a-f]{64}$/),
      // The digest of nothing: that a variable is empty may be seen.
      'EMPTY=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'FLAG',
    ]);
    expect(redacted.process?.args?.slice(2)).toEqual(['--password', digest, '--name=web', '-v']);
    expect(redacted.annotations).toEqual({ 'db.password': digest, 'io.name': 'web' });
    expect(redacted.mounts?.[0]?.options).toEqual(['ro', expect.stringMatching(/^password=sha256:/), 'uid=0']);
    expect(JSON.stringify(redacted)).not.toMatch(/abc"|"def"|ghi"|jkl|mno|x=y/);
  });

  it('changes nothing the second time', () => {
    expect(redactSpec(redactSpec(spec))).toEqual(redactSpec(spec));
  });
});

describe('normaliseSpec', () => {
  it('fills in what config.md says of absent members', () => {
    expect(normaliseSpec({ ociVersion: '1', process: { cwd: '/' }, root: { path: '/' } })).toEqual({
      ociVersion: '1',
      process: { cwd: '/', terminal: false, noNewPrivileges: false, user: { uid: 0, gid: 0 } },
      root: { path: '/', readonly: false },
    });
  });

  it('keeps the order of env and mounts, and sorts sets', () => {
    const result = normaliseSpec({
      ociVersion: '1',
      process: { cwd: '/', env: ['B=1', 'A=1'], user: { additionalGids: [10, 9, 10] } },
      mounts: [{ destination: '/b' }, { destination: '/a' }],
      linux: { namespaces: [{ type: 'pid' }, { type: 'ipc' }], maskedPaths: ['/b', '/a', '/b'] },
    });
    expect(result.process?.env).toEqual(['B=1', 'A=1']);
    expect(result.process?.user?.['additionalGids']).toEqual([9, 10]);
    expect(result.mounts?.map((mount) => mount.destination)).toEqual(['/b', '/a']);
    expect(result.linux).toEqual({ namespaces: [{ type: 'ipc' }, { type: 'pid' }], maskedPaths: ['/a', '/b'] });
  });

  it('is idempotent and never touches its argument, whatever JSON the spec holds', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (extra) => {
        const given = { ...extra, ...spec } as OciSpec;
        const before = structuredClone(given);
        const once = normaliseSpec(given);
        expect(normaliseSpec(once)).toEqual(once);
        expect(given).toEqual(before);
      }),
    );
  });
});

describe('specDigest', () => {
  it('is the same for a spec as written and as frozen', () => {
    expect(specDigest(redactSpec(normaliseSpec(spec)))).toBe(specDigest(spec));
  });

  it('differs when any variable does', () => {
    const other = { ...spec, process: { ...spec.process, env: ['A=2', 'SECRET=x=y', 'EMPTY=', 'FLAG'] } };
    expect(specDigest(other)).not.toBe(specDigest(spec));
  });
});
