import { describe, expect, it } from 'vitest';
import { parseSpec } from './parseSpec.ts';

/** As `runsc spec` and Docker write it, in short. */
const full = {
  ociVersion: '1.2.0',
  process: {
    user: { uid: 0, gid: 0, additionalGids: [5] },
    args: ['sh'],
    env: ['PATH=/bin'],
    cwd: '/',
    capabilities: { bounding: ['CAP_KILL'], effective: ['CAP_KILL'] },
    rlimits: [{ type: 'RLIMIT_NOFILE', hard: 1024, soft: 1024 }],
  },
  root: { path: 'rootfs', readonly: true },
  hostname: 'web-1',
  mounts: [{ destination: '/proc', type: 'proc', source: 'proc', options: ['ro'] }],
  hooks: { prestart: [{ path: '/bin/hook', timeout: 1 }] },
  annotations: { 'dev.example': 'x' },
  linux: {
    namespaces: [{ type: 'pid' }, { type: 'network', path: '/var/run/netns/x' }],
    resources: { memory: { limit: 1 << 30 }, devices: [{ allow: false, access: 'rwm' }] },
    seccomp: { defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }] },
    maskedPaths: ['/proc/kcore'],
  },
};

describe('parseSpec', () => {
  it('gives back a valid spec as it is, unknown members too', () => {
    expect(parseSpec({ ...full, 'x-own': { a: 1 } })).toEqual({ ...full, 'x-own': { a: 1 } });
  });

  it('reads null as absent, as Go does', () => {
    expect(parseSpec({ ...full, hooks: null, process: { ...full.process, rlimits: null } })).not.toHaveProperty(
      'hooks',
    );
  });

  it.each([
    ['no ociVersion', { ...full, ociVersion: undefined }, '/'],
    ['a number for cwd', { ...full, process: { ...full.process, cwd: 3 } }, '/process/cwd'],
    ['a root without path', { ...full, root: { readonly: true } }, '/root'],
    ['an env that is an object', { ...full, process: { ...full.process, env: { A: 'b' } } }, '/process/env'],
    ['a negative uid', { ...full, process: { ...full.process, user: { uid: -1 } } }, '/process/user/uid'],
    ['an unknown namespace', { ...full, linux: { namespaces: [{ type: 'moon' }] } }, '/linux/namespaces/0/type'],
    ['a mount without destination', { ...full, mounts: [{ source: '/x' }] }, '/mounts/0'],
    ['a list', [], '/'],
    ['a string', 'x', '/'],
    ['nothing', null, '/'],
  ])('refuses %s with its JSON pointer', (_, json, pointer) => {
    const error = (() => {
      try {
        return parseSpec(JSON.parse(JSON.stringify(json)));
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({ code: 'BadRequest', message: expect.stringContaining(pointer) });
    expect((error as { details: { field: string }[] }).details.map((detail) => detail.field)).toContain(pointer);
  });

  it('names every fault, not only the first', () => {
    expect(() => parseSpec({ process: { cwd: 3, args: 4 } })).toThrow(/and 2 more/);
  });
});
