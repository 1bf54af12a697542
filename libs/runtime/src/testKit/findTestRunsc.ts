import { execFileSync } from 'node:child_process';
import { findRunsc } from '../runsc/locate.ts';

export interface TestRunsc {
  readonly binary: string;
  readonly version: string;
}

/** For tests: the binary with its version, if it is there and runs. */
const asTestRunsc = (binary: string | undefined): TestRunsc | undefined => {
  if (binary === undefined) return undefined;
  try {
    const version = /^runsc version (\S+)$/mu.exec(execFileSync(binary, ['--version'], { encoding: 'utf8' }))?.[1];
    return version === undefined ? undefined : { binary, version };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** The one Stasis would use: STASIS_RUNSC, `.stasis/bin/runsc`, PATH. */
export const newestRunsc = (): TestRunsc | undefined => asTestRunsc(findRunsc());

export const isRoot = process.getuid?.() === 0;

/** The one of the distribution's package, or the one that STASIS_RUNSC_2022 names. It starts a sandbox for root only. */
export const distributionRunsc = (): TestRunsc | undefined =>
  isRoot ? asTestRunsc(process.env['STASIS_RUNSC_2022'] || '/usr/bin/runsc') : undefined;

/** Under CI a missing runtime is a failure, not a skipped test. */
export const isRequired = process.env['CI'] === 'true';

/** The distribution's package is asked for only where there is one to install. */
export const isDistributionRequired = (): boolean => isRequired && packageExists();

function packageExists(): boolean {
  try {
    const policy = execFileSync('apt-cache', ['policy', 'runsc'], { encoding: 'utf8' });
    return /^\s*Candidate: (?!\(none\))/mu.test(policy);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
