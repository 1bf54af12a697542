import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { endProcess, isAlive, liveMarkIn, markOf, removeMark, writeMark, type ProcessMark } from './processMark.ts';
import { compileCache, endWithParent, nodeProgram } from './places.ts';

export interface ProcessSpec {
  /** Names the log file, `logs/<name>.log`, and the mark, `run/<name>.json`, below the home. */
  readonly name: string;
  /** The script and its arguments. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface Supervised {
  readonly names: readonly string[];
  /** How often each process had to be started again. */
  restarts(): Readonly<Record<string, number>>;
  /** The last lines of a process's log. */
  logTail(name: string): string;
  /** Ends all at once and resolves when they are gone. Idempotent. */
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  readonly home: string;
  /** Told about each start after the first and each unexpected end, one line. */
  readonly say?: (line: string) => void;
  /** How long a process may take to end before SIGKILL; 15 s unless told. */
  readonly patienceMs?: number;
}

const firstDelayMs = 200;
const longestDelayMs = 10_000;
/** One that ran this long was well: the next wait is short again. */
const wellAfterMs = 20_000;

/** The last `bytes` of a log. */
const tailOf = (file: string, bytes = 2000): string => {
  const fd = openSync(file, 'a+');
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString().trim();
  } finally {
    closeSync(fd);
  }
};

class Keeper {
  restarts = 0;
  private child: ChildProcess | undefined;
  private mark: ProcessMark | undefined;
  private timer: NodeJS.Timeout | undefined;
  private delayMs = firstDelayMs;
  private stopping = false;
  readonly log: string;
  private readonly markFile: string;
  private readonly spec: ProcessSpec;
  private readonly options: SuperviseOptions;

  constructor(spec: ProcessSpec, options: SuperviseOptions) {
    this.spec = spec;
    this.options = options;
    this.log = path.join(options.home, 'logs', `${spec.name}.log`);
    this.markFile = path.join(options.home, 'run', `${spec.name}.json`);
  }

  /** Ends what a supervisor that was killed left running under this name, then starts. */
  async begin(): Promise<void> {
    const left = liveMarkIn(this.markFile);
    if (left !== undefined) await endProcess(left, 'SIGTERM', this.options.patienceMs);
    mkdirSync(path.dirname(this.log), { recursive: true });
    this.start();
  }

  private start(): void {
    const { spec } = this;
    const startedAt = Date.now();
    const log = openSync(this.log, 'a');
    try {
      // Its own process group: a Ctrl-C at the terminal is for the supervisor, which then ends all in order.
      this.child = spawn(nodeProgram(), ['--import', endWithParent, ...spec.args], {
        detached: true,
        stdio: ['ignore', log, log],
        env: { NODE_COMPILE_CACHE: compileCache(), ...process.env, ...spec.env },
      });
    } finally {
      closeSync(log);
    }
    const { child } = this;
    this.mark = child.pid === undefined ? undefined : markOf(child.pid);
    if (this.mark !== undefined) writeMark(this.markFile, this.mark);
    let ended = false;
    const onEnd = (how: string): void => {
      if (ended || this.stopping) return;
      ended = true;
      this.delayMs = Date.now() - startedAt > wellAfterMs ? firstDelayMs : this.delayMs;
      this.options.say?.(`${spec.name} ended (${how}); starts again in ${this.delayMs} ms; log: ${this.log}`);
      this.timer = setTimeout(() => {
        this.restarts += 1;
        this.start();
      }, this.delayMs);
      this.delayMs = Math.min(this.delayMs * 2, longestDelayMs);
    };
    child.once('error', (error) => onEnd(error.message));
    child.once('exit', (code, signal) => onEnd(signal ?? `exit ${code}`));
  }

  async stop(): Promise<void> {
    this.stopping = true;
    clearTimeout(this.timer);
    if (this.mark !== undefined && isAlive(this.mark)) await endProcess(this.mark, 'SIGTERM', this.options.patienceMs);
    removeMark(this.markFile);
  }
}

/**
 * Starts each process and keeps it running: one that ends is started again after a wait that doubles from 0.2 s to
 * 10 s. Output goes to the log. Each is its own process group and ends by itself when this process is killed.
 */
export const supervise = async (specs: readonly ProcessSpec[], options: SuperviseOptions): Promise<Supervised> => {
  const keepers = new Map(specs.map((spec) => [spec.name, new Keeper(spec, options)]));
  for (const keeper of keepers.values()) await keeper.begin();
  let stopped: Promise<void> | undefined;
  const stopAll = async (): Promise<void> => {
    await Promise.all([...keepers.values()].map((keeper) => keeper.stop()));
  };
  return {
    names: [...keepers.keys()],
    restarts: () => Object.fromEntries([...keepers].map(([name, keeper]) => [name, keeper.restarts])),
    logTail: (name) => {
      const keeper = keepers.get(name);
      return keeper === undefined ? '' : tailOf(keeper.log);
    },
    stop: () => (stopped ??= stopAll()),
  };
};
