import { accessSync, constants, existsSync } from 'node:fs';
import { StasisError } from '@stasis/errors';
import type { RuntimeInfo } from '../port.ts';
import { firstLine, runCommand } from '../process/runCommand.ts';

/**
 * What a binary can do, read from its own words; three calls at once, about 10 ms.
 *
 *   runsc --version           "runsc version release-20260905.0", "runsc version 0.0~20221219.0" (Debian)
 *   runsc flags               "-platform string\n  specifies which platform to use: systrap (default), ptrace, kvm."
 *   runsc checkpoint --help   exit 128, flags on stderr (2022: neither -compression nor in-place resume)
 *
 * The in-place resume came to runsc together with `-compression` (seen: 2022 has neither, 2024 and 2026 have both);
 * the contract suite shows it for each binary.
 */
export interface Probe {
  readonly info: RuntimeInfo;
  readonly flags: readonly string[];
}

const probes = new Map<string, Promise<Probe>>();

/** Asked once per binary and process. @throws StasisError RuntimeFailed when the binary does not run. */
export function probe(binary: string): Promise<Probe> {
  const known = probes.get(binary) ?? ask(binary);
  probes.set(binary, known);
  known.catch(() => probes.delete(binary));
  return known;
}

async function ask(binary: string): Promise<Probe> {
  const run = (argv: string[]) => runCommand(binary, argv, { timeoutMs: 10_000 });
  const [version, flags, checkpoint, restore] = await Promise.all([
    run(['--version']),
    run(['flags']),
    run(['checkpoint', '--help']),
    run(['restore', '--help']),
  ]);
  const named = /^runsc version (\S+)$/mu.exec(version.stdout)?.[1];
  if (named === undefined)
    throw new StasisError('RuntimeFailed', `${binary} --version said: ${firstLine(version.stdout + version.stderr)}`, {
      next: 'Name a runsc binary with --runsc or STASIS_RUNSC.',
    });
  const platforms = /specifies which platform to use: (.*)$/mu.exec(flags.stdout + flags.stderr)?.[1] ?? '';
  const platform = platforms.includes('systrap') ? 'systrap' : 'ptrace';
  const compressionFlag = /^\s*-compression\b/mu.test(checkpoint.stdout + checkpoint.stderr);
  return {
    info: {
      name: 'runsc',
      version: named,
      platform,
      features: {
        resumesInPlace: compressionFlag,
        capturesPaused: compressionFlag,
        compressionFlag,
        backgroundRestore: /^\s*-background\b/mu.test(restore.stdout + restore.stderr),
      },
    },
    flags: [`--platform=${platform}`, '--network=none', ...(cgroupsAreWritable() ? [] : ['--ignore-cgroups'])],
  };
}

/** A container of its own cgroup needs `memory` (version 1) or the unified tree (version 2) writable. */
function cgroupsAreWritable(): boolean {
  const unified = '/sys/fs/cgroup/cgroup.controllers';
  const tree = existsSync(unified) ? '/sys/fs/cgroup' : '/sys/fs/cgroup/memory';
  try {
    accessSync(tree, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** `STASIS_RUNSC_FLAGS`, split at white space, takes the place of the probed flags. */
export const flagsFromEnvironment = (text = process.env['STASIS_RUNSC_FLAGS']): string[] | undefined =>
  text === undefined || text.trim() === '' ? undefined : text.trim().split(/\s+/u);
