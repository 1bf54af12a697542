import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OciSpec } from '@stasis/spec';
import { declaredSpec } from './declaredSpec.ts';

const declared: OciSpec = {
  ociVersion: '1.0.2',
  process: { terminal: false, user: { uid: 0, gid: 0 }, args: ['sh'], env: ['A=1'], cwd: '/' },
  root: { path: 'rootfs', readonly: false },
  mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
  linux: { namespaces: [{ type: 'pid' }], seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } },
};

const mapping = [{ containerID: 0, hostID: 0, size: 4_294_967_295 }];
/** What runsc of 2026 writes into its state for it. */
const kept = (bundle: string): OciSpec => ({
  ociVersion: '1.0.2',
  process: { user: { uid: 0, gid: 0 }, args: ['sh'], env: ['A=1'], cwd: '/' },
  root: { path: `${bundle}/rootfs` },
  mounts: [{ destination: '/proc', type: 'proc', source: `${bundle}/proc` }],
  linux: {
    uidMappings: mapping,
    gidMappings: mapping,
    cgroupsPath: '/c1',
    namespaces: [{ type: 'pid' }, { type: 'user' }],
  },
});

describe('declaredSpec', () => {
  let bundle: string;
  beforeEach(() => {
    bundle = mkdtempSync(join(tmpdir(), 'stasis-bundle-'));
  });
  afterEach(() => rmSync(bundle, { recursive: true }));
  const config = (spec: unknown) => writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));

  it('is config.json, where that explains what runsc kept', () => {
    config(declared);
    expect(declaredSpec(kept(bundle), bundle, 'c1')).toEqual(declared);
  });

  it.each([
    ['edited', { ...declared, process: { ...declared.process, args: ['evil'] } }],
    ['no JSON object', 7],
  ])('is what runsc kept, without its additions, where config.json is %s', (_, spec) => {
    config(spec);
    expect(declaredSpec(kept(bundle), bundle, 'c1')).toEqual({
      ...kept(bundle),
      linux: { namespaces: [{ type: 'pid' }] },
    });
  });

  it('keeps a user namespace that maps ids, and a cgroup path that is not of the id, where config.json is gone', () => {
    const linux = {
      uidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }],
      gidMappings: [{ containerID: 0, hostID: 100_000, size: 65_536 }],
      cgroupsPath: '/pod/c1',
      namespaces: [{ type: 'user' }],
    };
    expect(declaredSpec({ ociVersion: '1.0.2', linux }, bundle, 'c1').linux).toEqual(linux);
  });
});
