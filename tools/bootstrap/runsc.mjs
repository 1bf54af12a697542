import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { toolsHome } from './places.mjs';
import { run, say, SetUpError, tail, timed } from './step.mjs';

const own = path.join(toolsHome, 'bin/runsc');
const module = 'gvisor.dev/gvisor/runsc';
const moduleVersion = 'v0.0.0-20260905035102-160fafc42237';
const release = 'release-20260905.0';
/** The Go that builds it where the one on PATH is too old to find out by itself. */
const toolchain = '1.26.8';

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
    const go = await goProgram();
    if (go === undefined) throw new SetUpError('there is no go on PATH');
    // GOROOT is the old go's when a newer one was fetched.
    if (go !== 'go') delete env.GOROOT;
    const ended = await run(go, ['install', '-trimpath', '-ldflags', stamp, `${module}@${moduleVersion}`], { env });
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

/**
 * A go that can build gVisor: from 1.21 on it fetches the newer toolchain that a module asks for by itself; an older one
 * (a distribution's) can still fetch that toolchain as the module that it is, whose programs only lack their mode bits.
 * @returns {Promise<string | undefined>} undefined where there is no go.
 */
export const goProgram = async () => {
  const { code, output } = await run('go', ['version']);
  const found = /go1\.(\d+)\S* (\S+)\/(\S+)/.exec(output);
  if (code !== 0 || found === null) return undefined;
  const [, minor, os, arch] = found;
  if (Number(minor) >= 21) return 'go';
  const module = `golang.org/toolchain@v0.0.1-go${toolchain}.${os}-${arch}`;
  const fetched = await run('go', ['mod', 'download', '-modcacherw', '-json', module], { cwd: tmpdir() });
  if (fetched.code !== 0) throw new SetUpError(`go mod download ${module} failed\n${tail(fetched.output)}`);
  const { Dir: dir } = JSON.parse(fetched.output.slice(fetched.output.indexOf('{')));
  for (const programs of [path.join(dir, 'bin'), path.join(dir, 'pkg/tool', `${os}_${arch}`)])
    for (const program of readdirSync(programs)) chmodSync(path.join(programs, program), 0o755);
  return path.join(dir, 'bin/go');
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
  if ((await run('go', ['version'])).code === 0) {
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
    say(`runsc: uses ${there} (${found.version}); one of 2024 or later can resume in place: install Go`);
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
  say('runsc: none found; install Go (it is then built), or apt-get install runsc, or set STASIS_RUNSC');
  return false;
};
