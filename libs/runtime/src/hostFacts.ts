import { readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import type { HostFacts } from './port.ts';

/** Field of the first processor in /proc/cpuinfo (proc(5)): x86 says `flags`, arm64 says `Features`. */
const field = (cpuinfo: string, name: string): string =>
  new RegExp(`^${name}\\s*:\\s*(.*)$`, 'mu').exec(cpuinfo)?.[1]?.trim() ?? '';

/**
 * What this machine can run, as the kernel says it. Reads /proc/cpuinfo once per call (well under a millisecond for a
 * few processors).
 */
export function hostFacts(cpuinfoFile = '/proc/cpuinfo'): HostFacts {
  const cpuinfo = readFileSync(cpuinfoFile, 'utf8');
  const features = field(cpuinfo, 'flags') || field(cpuinfo, 'Features');
  return {
    architecture: arch(),
    cpuFeatures: [...new Set(features.split(/\s+/u).filter((name) => name !== ''))].toSorted(),
    cpuModel: field(cpuinfo, 'model name') || 'unknown',
    kernel: release(),
  };
}
