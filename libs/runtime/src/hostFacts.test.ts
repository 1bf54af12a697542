import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { arch, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostFacts } from './hostFacts.ts';

describe('hostFacts', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'stasis-cpuinfo-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));
  const factsOf = (cpuinfo: string) => {
    writeFileSync(join(directory, 'cpuinfo'), cpuinfo);
    return hostFacts(join(directory, 'cpuinfo'));
  };

  it('reads the flags of x86 sorted, each once', () => {
    expect(
      factsOf('processor\t: 0\nmodel name\t: A CPU\nflags\t\t: sse fpu avx sse\n\nprocessor\t: 1\nflags : x\n'),
    ).toEqual({
      architecture: arch(),
      cpuFeatures: ['avx', 'fpu', 'sse'],
      cpuModel: 'A CPU',
      kernel: release(),
    });
  });

  it('reads the Features of arm64, which names no model', () => {
    expect(factsOf('processor\t: 0\nFeatures\t: fp asimd\n')).toMatchObject({
      cpuFeatures: ['asimd', 'fp'],
      cpuModel: 'unknown',
    });
  });

  it('finds features on this machine', () => {
    expect(hostFacts().cpuFeatures.length).toBeGreaterThan(0);
  });
});
