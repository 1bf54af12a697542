import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { StasisError } from '@stasis/errors';
import { stderrFileName } from '../captureFiles.ts';
import type { CaptureProcess, CaptureRequest, CaptureResult, RuntimeInfo } from '../port.ts';
import { processFacts } from '../process/procfs.ts';
import { waitUntil } from '../process/waitUntil.ts';
import { exactly } from './exactId.ts';
import { failure } from './failure.ts';
import { command, type Invocation } from './invocation.ts';
import { pause, resume } from './pause.ts';
import { markAnswered, markBegun } from './settle.ts';
import { notFound, readContainer } from './stateFile.ts';

/**
 * `runsc checkpoint --image-path DIR [--compression none|flate-best-speed] [--leave-running] <id>`
 *
 *   exit 0    2026: checkpoint.img, pages.img, pages_meta.img (compression none), else checkpoint.img alone; 2022:
 *             checkpoint.img alone, flate. Without --leave-running the sandbox ends; the state file of 2026 still says
 *             running. With it a running container goes on and a paused one stays paused (2024 and later); in 2022
 *             the command destroys, restores and waits: it is never used there.
 *   exit 128  `checkpoint failed: …`; the files may exist, empty or cut. The container goes on, or stays paused.
 *
 * The command is only a client: when it dies, the sandbox finishes the files alone. So it runs in a session of its own
 * with its words in `runtime.stderr`, and whoever comes later asks `settle` (settle.ts).
 */
const endOfSandboxMs = 10_000;

/** @throws StasisError NotSupported for `resume` or `pause` where this binary cannot, RuntimeFailed if it cannot start. */
export async function beginCapture(
  via: Invocation,
  info: RuntimeInfo,
  request: CaptureRequest,
): Promise<CaptureProcess> {
  requireSupport(info, request);
  const begun = performance.now();
  if (request.after === 'pause') await pause(via, request.id);
  try {
    return await start(via, info, request, begun);
  } catch (error) {
    if (request.after === 'pause') await resume(via, request.id);
    throw error;
  }
}

function requireSupport({ version, features }: RuntimeInfo, { after }: CaptureRequest): void {
  if (after === 'resume' ? features.resumesInPlace : after === 'stop' || features.capturesPaused) return;
  throw new StasisError('NotSupported', `runsc ${version} cannot ${after} a container after its capture`, {
    next: 'Capture with `stop` and restore the image.',
  });
}

function start(via: Invocation, info: RuntimeInfo, request: CaptureRequest, begun: number): Promise<CaptureProcess> {
  const view = exactly(via, request.id);
  if (view === undefined) throw notFound(via, request.id);
  const [file, argv] = command(
    view,
    'checkpoint',
    '--image-path',
    request.attemptDir,
    ...(info.features.compressionFlag ? [`--compression=${request.compression}`] : []),
    ...(request.after === 'stop' ? [] : ['--leave-running']),
    request.id,
  );
  markBegun(request.attemptDir);
  const stderrFile = join(request.attemptDir, stderrFileName);
  const stderr = openSync(stderrFile, 'wx', 0o600);
  reserve(stderr);
  const child = spawn(file, argv, { detached: true, stdio: ['ignore', stderr, stderr] });
  closeSync(stderr);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null; freezeMs: number }>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal, freezeMs: performance.now() - begun })),
  );
  return new Promise((resolve, reject) => {
    child.once('error', (error) =>
      reject(new StasisError('RuntimeFailed', `cannot run ${file}: ${error.message}`, { cause: error })),
    );
    child.once('spawn', () => {
      const pid = child.pid ?? 0;
      // It may have ended already; a zombie until Node reaps it still has its start time.
      const startTicks = processFacts(pid)?.startTicks ?? '0';
      let result: Promise<CaptureResult> | undefined;
      resolve({
        pid,
        startTicks,
        done: () => (result ??= finish(via, request, ended, stderrFile, () => child.unref())),
      });
    });
  });
}

/**
 * Room for the runtime's words on a disk that its files fill up; they are written over the zeros. Where not even this
 * fits, the image does not either, and the runtime finds that out.
 */
function reserve(fd: number): void {
  try {
    writeSync(fd, Buffer.alloc(4096), 0, 4096, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

/** What the runtime said; a full disk takes even that. */
function wordsOf(stderrFile: string): string {
  const words = readFileSync(stderrFile, 'utf8');
  const isSilent = words.replaceAll('\0', '').trim() === '';
  return isSilent && statfsSync(stderrFile).bavail === 0 ? 'no space left on device' : words;
}

async function finish(
  via: Invocation,
  request: CaptureRequest,
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; freezeMs: number }>,
  stderrFile: string,
  letGo: () => void,
): Promise<CaptureResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), request.timeoutMs);
  });
  const end = await Promise.race([ended, late]);
  clearTimeout(timer);
  if (end === undefined) {
    letGo();
    throw new StasisError(
      'RuntimeTimeout',
      `runsc checkpoint of "${request.id}" did not end within ${request.timeoutMs} ms`,
    );
  }
  // The sandbox has answered, so it writes no more; it may keep the files open all the same (seen on a full disk).
  if (end.code !== null) markAnswered(request.attemptDir);
  if (end.code !== 0) {
    if (end.signal !== null) throw new StasisError('RuntimeFailed', `runsc checkpoint was ended by ${end.signal}`);
    throw failure('checkpoint', wordsOf(stderrFile));
  }
  const status = () => readContainer(via, request.id)?.status ?? 'gone';
  if (request.after === 'stop') await waitUntil(() => ['stopped', 'gone'].includes(status()), endOfSandboxMs);
  return { freezeMs: end.freezeMs, containerStatus: status() };
}
