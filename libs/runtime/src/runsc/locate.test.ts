import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { defaultRoot, findRunsc, locateRunsc } from './locate.ts';

describe('the runsc that is used', () => {
  let directory: string;
  const place = (...path: string[]): string => {
    const file = join(directory, ...path);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, '');
    chmodSync(file, 0o755);
    return file;
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stasis-locate-'));
    vi.stubEnv('STASIS_RUNSC', '');
    vi.stubEnv('STASIS_TOOLS', join(directory, 'tools'));
    vi.stubEnv('PATH', [join(directory, 'a'), join(directory, 'b')].join(':'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });

  it('is the named one, else STASIS_RUNSC, else that of the tools, else the first in PATH', () => {
    expect(findRunsc()).toBeUndefined();
    const inPath = place('b', 'runsc');
    expect(findRunsc()).toBe(inPath);
    const ofTools = place('tools', 'bin', 'runsc');
    expect(findRunsc()).toBe(ofTools);
    vi.stubEnv('STASIS_RUNSC', '/set/runsc');
    expect(findRunsc()).toBe('/set/runsc');
    expect(findRunsc('/named/runsc')).toBe('/named/runsc');
    expect(findRunsc('runsc')).toBe(inPath);
  });

  it('passes over a file that cannot be executed', () => {
    chmodSync(place('a', 'runsc'), 0o644);
    const second = place('b', 'runsc');
    expect(findRunsc()).toBe(second);
  });

  it('is asked for in words where there is none', () => {
    expect(() => locateRunsc('runsc')).toThrow(
      expect.objectContaining({ code: 'RuntimeFailed', message: 'no runsc binary was found as runsc' }),
    );
  });

  it('keeps its containers where runsc does', () => {
    vi.stubEnv('XDG_RUNTIME_DIR', '/run/user/7');
    expect(defaultRoot()).toBe(process.getuid?.() === 0 ? '/var/run/runsc' : '/run/user/7/runsc');
    vi.stubEnv('XDG_RUNTIME_DIR', '');
    expect(defaultRoot()).toBe('/var/run/runsc');
  });
});
