import { readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isTmpfs, makePrivate } from '@stasis/agent';
import { requireAllowed } from '@stasis/container';
import { isStasisError, StasisError } from '@stasis/errors';
import type { ContainerRuntime, RuntimeContainer } from '@stasis/runtime';
import type { Attempt, CheckpointJob } from './checkpointJob.ts';
import { reservedBytes, reserveStaging } from './stagingBudget.ts';

export interface Source {
  readonly runtime: ContainerRuntime;
  readonly container: RuntimeContainer;
}

/**
 * The container that is meant, in whichever root it is.
 * @throws StasisError ContainerNotFound, SourceReplaced, ContainerNotRunning
 */
export async function loadSource(job: CheckpointJob): Promise<Source> {
  const found: Source[] = [];
  for (const runtime of job.parts.runtimes) {
    try {
      found.push({ runtime, container: await runtime.load(job.name) });
    } catch (error) {
      if (!isStasisError(error) || error.code !== 'ContainerNotFound') throw error;
    }
  }
  const source = found.find(({ container }) => container.run === job.request.run);
  if (source === undefined) {
    if (found.length === 0)
      throw new StasisError('ContainerNotFound', `loading container: "${job.name}" does not exist on this node`);
    throw new StasisError(
      'SourceReplaced',
      `another container runs as "${job.name}" now: ${found[0]?.container.run}, asked for was ${job.request.run}`,
    );
  }
  requireAllowed('checkpoint', job.name, source.container.status);
  return source;
}

/**
 * How the capture will be made and where its files will lie: in memory if they fit and the container cannot be lost with
 * them, else on disk. @throws StasisError NotSupported, NoSpace, RuntimeTimeout (the deadline has passed)
 */
export async function planAttempt(job: CheckpointJob, source: Source): Promise<Attempt> {
  const { features, name, version } = await source.runtime.info();
  const { container } = source;
  if (job.request.leaveRunning && !features.resumesInPlace)
    throw new StasisError('NotSupported', `${name} ${version} cannot let a container go on after its capture`);
  const startedPaused = container.status === 'paused';
  const staysAlive = job.request.leaveRunning || startedPaused;
  const after = staysAlive && features.resumesInPlace ? 'resume' : features.capturesPaused ? 'pause' : 'stop';
  const bytes = estimateBytes(container);
  const { dir: parent, staging } = chooseStaging(job, bytes, after === 'stop');
  const number = job.attemptsBefore + 1;
  const dir = join(parent, `${job.id}.${number}`);
  reserveStaging(dir, parent, bytes);
  return {
    number,
    dir,
    staging,
    root: source.runtime.root,
    bundle: container.bundle,
    after,
    startedPaused,
    begunAt: new Date().toISOString(),
  };
}

function chooseStaging(
  job: CheckpointJob,
  bytes: number,
  onDisk: boolean,
): { dir: string; staging: Attempt['staging'] } {
  const { tmpfs, disk } = job.parts.config.staging;
  if (tmpfs !== undefined && !onDisk && freeBytes(makePrivate(tmpfs)) >= bytes) return { dir: tmpfs, staging: 'tmpfs' };
  const free = freeBytes(makePrivate(disk));
  if (free < bytes)
    throw new StasisError('NoSpace', `the image needs about ${bytes} bytes and ${disk} has ${free} free`, {
      next: 'Free space there, or name another directory in STASIS_STAGING.',
    });
  return { dir: disk, staging: isTmpfs(disk) ? 'tmpfs' : 'disk' };
}

/** Bytes that may still be written, without what captures under way need; in memory bounded by what the machine has. */
function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir);
  const free = bavail * bsize - reservedBytes(dir);
  if (!isTmpfs(dir)) return free;
  const available = /^MemAvailable:\s+(\d+) kB$/mu.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  return available === undefined ? free : Math.min(free, Number(available) * 1024 - reservedBytes(dir));
}

const overheadBytes = 16 << 20;

/** An upper estimate of the raw image: what the sandbox's memory file holds, plus its own state. */
function estimateBytes({ sandboxPid }: RuntimeContainer): number {
  if (sandboxPid === undefined) return overheadBytes;
  try {
    const fds = `/proc/${sandboxPid}/fd`;
    const memory = readdirSync(fds)
      .map((fd) => join(fds, fd))
      .find((link) => readlinkSync(link).startsWith('/memfd:runsc-memory'));
    return overheadBytes + (memory === undefined ? 0 : Math.ceil(statSync(memory).blocks * 512 * 1.1));
  } catch (error) {
    // It ended meanwhile, or belongs to another user: the capture itself will say what is wrong.
    if (['ENOENT', 'EACCES', 'EPERM', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return overheadBytes;
    throw error;
  }
}
