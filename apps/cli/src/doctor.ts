import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { isStasisError, messageOf } from '@stasis/errors';
import { javaMajor, minimumJava } from './up/java.ts';
import { supervisorOf } from './up/holdHome.ts';
import { kafkaJars, stasisHome, toolsHome } from './up/places.ts';
import { isListening } from './up/ports.ts';
import { postgresPrograms } from './up/postgresProgram.ts';

export interface Finding {
  readonly what: string;
  /** `less` works, but not with all of Stasis; `no` keeps something from working. */
  readonly state: 'yes' | 'less' | 'no';
  /** What was found, one line. */
  readonly found: string;
  /** What to do about it, when there is something to do. */
  readonly next?: string;
}

interface Ended {
  readonly ok: boolean;
  readonly output: string;
}

const run = (command: string, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(command, args, { timeout: 10_000 }, (error, stdout, stderr) =>
      resolve({ ok: error === null, output: `${stdout}${stderr}`.trim() || (error?.message ?? '') }),
    );
  });

const isExecutable = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

const node = async (): Promise<Finding> => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 22 || (major === 22 && minor >= 18);
  return ok
    ? { what: 'node', state: 'yes', found: process.version }
    : { what: 'node', state: 'no', found: process.version, next: 'Run `npm ci`: it brings Node 24.' };
};

/** Every runsc that could be meant, the one that is used first. */
export const findRunsc = async (): Promise<readonly Finding[]> => {
  const named = process.env['STASIS_RUNSC'];
  const onPath = (process.env['PATH'] ?? '').split(path.delimiter).map((directory) => path.join(directory, 'runsc'));
  const places = [...(named ? [named] : []), path.join(toolsHome(), 'bin/runsc'), ...onPath];
  const builds = await Promise.all(
    [...new Set(places)].filter(isExecutable).map(async (place, at): Promise<Finding> => {
      const { ok, output } = await run(place, ['--version']);
      const version = /runsc version (\S+)/.exec(output)?.[1];
      const what = at === 0 ? 'runsc' : 'another runsc';
      if (!ok || version === undefined)
        return { what, state: 'no', found: `${place} does not run: ${output.split('\n')[0]}`, next: 'Replace it.' };
      const year = Number(/(20\d\d)\d{4}/.exec(version)?.[1] ?? 0);
      const old = { next: 'A container cannot resume in place with it; one of 2024 or later can.' };
      return {
        what,
        state: year > 0 && year < 2024 ? 'less' : 'yes',
        found: `${version}, ${place}`,
        ...(year > 0 && year < 2024 ? old : {}),
      };
    }),
  );
  if (builds.length > 0) return builds;
  const next = 'Install Go and run `npm run setup`, or apt-get install runsc, or set STASIS_RUNSC.';
  return [{ what: 'runsc', state: 'no', found: 'none', next }];
};

const userNamespaces = async (): Promise<Finding> => {
  const what = 'user namespaces';
  const { ok, output } = await run('unshare', ['--user', '--map-root-user', '--mount', '--pid', '--fork', 'true']);
  if (ok) return { what, state: 'yes', found: 'can be made' };
  const root = process.getuid?.() === 0;
  return {
    what,
    state: root ? 'less' : 'no',
    found: output.split('\n')[0] ?? '',
    next: root
      ? 'Not needed as root.'
      : 'Allow them (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), or run as root.',
  };
};

const cgroups = async (): Promise<Finding> => {
  const what = 'cgroups';
  try {
    accessSync('/sys/fs/cgroup', constants.W_OK);
    return { what, state: 'yes', found: '/sys/fs/cgroup can be written' };
  } catch {
    const next = 'Containers run, but without limits on memory and CPU.';
    return { what, state: 'less', found: '/sys/fs/cgroup cannot be written', next };
  }
};

/** TMPFS_MAGIC of statfs(2). */
const tmpfs = 0x01021994;

const staging = async (): Promise<Finding> => {
  const what = 'staging in memory';
  const place = process.env['STASIS_STAGING'] || '/dev/shm';
  if (!existsSync(place)) return { what, state: 'less', found: `${place} is not there`, next: 'Captures go to disk.' };
  const { type, bavail, bsize } = statfsSync(place);
  if (type === tmpfs) return { what, state: 'yes', found: `${place}, ${gib(bavail * bsize)} free` };
  return { what, state: 'less', found: `${place} is not a tmpfs`, next: 'Captures go to disk; the freeze is longer.' };
};

const disk = async (): Promise<Finding> => {
  const home = stasisHome();
  mkdirSync(home, { recursive: true });
  const { bavail, bsize } = statfsSync(home);
  const free = bavail * bsize;
  const found = `${home}, ${gib(free)} free`;
  return free > 2 ** 31
    ? { what: 'home', state: 'yes', found }
    : { what: 'home', state: 'less', found, next: 'Free some space, or set STASIS_HOME: images are kept there.' };
};

const postgres = async (): Promise<Finding> => {
  const what = 'postgres';
  if (process.env['DATABASE_URL']) return { what, state: 'yes', found: 'DATABASE_URL is set' };
  try {
    const { postgres: program } = await postgresPrograms();
    return { what, state: 'yes', found: (await run(program, ['-V'])).output };
  } catch (error) {
    const next = isStasisError(error) && error.next !== undefined ? error.next : 'Set DATABASE_URL.';
    return { what, state: 'no', found: messageOf(error), next };
  }
};

const kafka = async (): Promise<Finding> => {
  const what = 'kafka';
  const brokers = process.env['KAFKA_BROKERS'];
  if (brokers) return { what, state: 'yes', found: `KAFKA_BROKERS is ${brokers}` };
  const java = await javaMajor();
  const jars = existsSync(path.join(kafkaJars(), '.done'));
  const found = `${java === 0 ? 'no Java' : `Java ${java}`}, ${jars ? 'jars are there' : 'no jars'}`;
  if (java >= minimumJava && jars) return { what, state: 'yes', found };
  const install = 'apt-get install openjdk-17-jre-headless maven, then npm run setup';
  return { what, state: 'less', found, next: `The bus is Postgres; for Kafka: ${install}, or set KAFKA_BROKERS.` };
};

const port = async (): Promise<Finding> => {
  const what = 'api port';
  const number = Number((process.env['STASIS_LISTEN'] || '127.0.0.1:7070').split(':').at(-1));
  if (!(await isListening(number))) return { what, state: 'yes', found: `${number} is free` };
  const holder = supervisorOf(stasisHome());
  if (holder !== undefined) return { what, state: 'yes', found: `${number}, Stasis runs (pid ${holder.pid})` };
  return {
    what,
    state: 'no',
    found: `${number} is taken by another program`,
    next: 'Set STASIS_LISTEN to another port.',
  };
};

/**
 * What this machine can and cannot do for Stasis, and what to do about it. Starts nothing; makes STASIS_HOME when it is
 * not there. Each look takes at most 10 s.
 */
export const diagnose = async (): Promise<readonly Finding[]> =>
  (
    await Promise.all([
      node(),
      findRunsc(),
      userNamespaces(),
      cgroups(),
      staging(),
      disk(),
      postgres(),
      kafka(),
      port(),
    ])
  ).flat();
