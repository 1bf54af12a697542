import { accessSync, chmodSync, constants, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { toolsHome } from './places.mjs';
import { run, say, SetUpError, tail, timed } from './step.mjs';

const own = path.join(toolsHome, 'bin/runsc');
const module = 'gvisor.dev/gvisor/runsc';
const moduleVersion = 'v0.0.0-20260905035102-160fafc42237';
const release = 'release-20260905.0';

const executable = (file) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const onPath = (name) =>
  (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((dir) => path.join(dir, name))
    .find(executable);

/**
 * What a runsc says it is. `year` is 0 for a build that was not stamped.
 * @returns {Promise<{version: string, year: number} | undefined>} undefined when it does not run here.
 */
export const runscVersion = async (file) => {
  const { code, output } = await run(file, ['--version']);
  if (code !== 0) return undefined;
  const version = /runsc version (\S+)/.exec(output)?.[1] ?? 'unknown';
  return { version, year: Number(/(20\d\d)\d{4}/.exec(version)?.[1] ?? 0) };
};

export const runscNeeded = () => !executable(process.env.STASIS_RUNSC || own);

const linkOwn = (to) => {
  mkdirSync(path.dirname(own), { recursive: true });
  const fresh = `${own}.${process.pid}`;
  symlinkSync(to, fresh);
  renameSync(fresh, own);
};

/** Builds the runsc that Stasis is tested with from the Go module proxy into `directory`; takes minutes. */
export const buildRunsc = async (directory) => {
  mkdirSync(directory, { recursive: true });
  const bin = mkdtempSync(path.join(directory, '.building-'));
  try {
    const stamp = `-X ${module}/version.version=${release}`;
    const env = {
      ...process.env,
      CGO_ENABLED: '0',
      GOBIN: bin,
      GOFLAGS: `${process.env.GOFLAGS ?? ''} -modcacherw`.trim(),
    };
    const ended = await run('go', ['install', '-trimpath', '-ldflags', stamp, `${module}@${moduleVersion}`], { env });
    if (ended.code !== 0) throw new SetUpError(`go install ${module} failed\n${tail(ended.output)}`);
    const built = path.join(bin, 'runsc');
    const found = await runscVersion(built);
    if (found?.version !== release)
      throw new SetUpError(`the runsc that was built says ${found?.version ?? 'nothing'}, not ${release}`);
    chmodSync(built, 0o755);
    renameSync(built, path.join(directory, 'runsc'));
    return release;
  } finally {
    rmSync(bin, { recursive: true, force: true });
  }
};

/** go 1.21 and later fetches the newer toolchain that gVisor asks for by itself. */
const goCanBuild = async () => {
  const { code, output } = await run('go', ['version']);
  const found = /go1\.(\d+)/.exec(output);
  return code === 0 && found !== null && Number(found[1]) >= 21;
};

const aptInstall = async () => {
  if (process.getuid?.() !== 0 || (await run('apt-get', ['--version'])).code !== 0) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () => run('apt-get', ['install', '-y', '--no-install-recommends', 'runsc'], { env });
  if ((await install()).code === 0) return true;
  await run('apt-get', ['update'], { env });
  return (await install()).code === 0;
};

/**
 * Sees to it that there is a runsc: STASIS_RUNSC, else the checkout's own, else one on PATH of 2024 or later, else a
 * build from the Go module proxy, else an older one on PATH, else the distribution's package.
 * @returns {Promise<boolean>} false, after one line that says what to install, when none can be had.
 */
export const fetchRunsc = async () => {
  if (process.env.STASIS_RUNSC) {
    if (!runscNeeded()) return true;
    throw new SetUpError(`STASIS_RUNSC=${process.env.STASIS_RUNSC} cannot be executed; correct or unset it`);
  }
  if (!runscNeeded()) return true;
  if (process.platform !== 'linux') {
    say('runsc: needs Linux; use --runtime simulated here, or a Linux machine');
    return false;
  }
  const there = onPath('runsc');
  const found = there && (await runscVersion(there));
  if (there && found && found.year >= 2024) {
    linkOwn(there);
    say(`runsc: uses ${there} (${found.version})`);
    return true;
  }
  if (await goCanBuild()) {
    try {
      await timed('runsc (built from the Go module proxy, about 3 minutes)', () => buildRunsc(path.dirname(own)));
      return true;
    } catch (error) {
      if (!(error instanceof SetUpError)) throw error;
      say(`runsc: ${error.message}`);
    }
  }
  if (there && found) {
    linkOwn(there);
    say(`runsc: uses ${there} (${found.version}); one of 2024 or later can resume in place: install Go 1.21 or later`);
    return true;
  }
  let packaged = false;
  if (process.getuid?.() === 0)
    await timed('runsc (apt-get install runsc)', async () => {
      packaged = await aptInstall();
      return packaged ? undefined : 'not to be had';
    });
  const installed = packaged && onPath('runsc');
  if (installed) {
    linkOwn(installed);
    return true;
  }
  say('runsc: none found; install Go 1.21 or later (it is then built), or apt-get install runsc, or set STASIS_RUNSC');
  return false;
};
