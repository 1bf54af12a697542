import type { ContainerStatus } from '@stasis/container';
import type { OciSpec } from '@stasis/spec';

/**
 * What Stasis asks of a container runtime. Implementations: runsc (2022 to 2026, one driver that adapts to the binary)
 * and simulated (in memory, for fleet simulation and tests, named so everywhere it shows). All pass one contract suite.
 *
 * One instance serves one binary and one container root. Every call has a timeout; a call that runs into it throws
 * RuntimeTimeout, one that the runtime refuses throws RuntimeFailed with the runtime's own words.
 */
export interface RuntimeInfo {
  readonly name: 'runsc' | 'simulated';
  /** As the binary says it, for example `release-20260905.0`; compared byte for byte at a restore. */
  readonly version: string;
  /** `systrap`, `ptrace`, `kvm`, `simulated`. */
  readonly platform: string;
  readonly features: {
    /** `checkpoint --leave-running` returns with the same container going on. False: destroy and restore instead. */
    readonly resumesInPlace: boolean;
    /** `pause` before `checkpoint --leave-running` keeps the container paused: a stop can be two-phase. */
    readonly capturesPaused: boolean;
    /** `--compression` exists: none | flate-best-speed. False: one flate file only. */
    readonly compressionFlag: boolean;
    /** `restore --background` exists. */
    readonly backgroundRestore: boolean;
  };
}

/** What a node can run; frozen into each manifest and compared before a restore. */
export interface HostFacts {
  readonly architecture: string;
  /** CPU features as the kernel names them (x86: `flags` of /proc/cpuinfo), sorted. */
  readonly cpuFeatures: readonly string[];
  readonly cpuModel: string;
  /** `uname -r`. */
  readonly kernel: string;
}

export interface RuntimeContainer {
  readonly id: string;
  readonly root: string;
  /** Checked against the sandbox process: a dead one is `stopped`, whatever the runtime's file says. */
  readonly status: ContainerStatus;
  /** Process id of the sandbox on the host; absent when it is dead. */
  readonly sandboxPid?: number;
  /** ISO 8601, from the runtime's state. */
  readonly createdAt: string;
  /** Identity of this run: differs whenever another container comes to run under the id. */
  readonly run: string;
  readonly bundle: string;
  readonly spec: OciSpec;
  readonly consoleSocket?: string;
}

export interface StartRequest {
  readonly id: string;
  /** Directory with config.json. */
  readonly bundle: string;
  /** File that gets stdout and stderr, opened O_APPEND | O_CREAT, 0600. */
  readonly logFile: string;
}

export type Compression = 'none' | 'flate-best-speed';

export interface CaptureRequest {
  readonly id: string;
  /** Empty directory that gets the runtime's files and its stderr (`runtime.stderr`, removed before sealing). */
  readonly attemptDir: string;
  /**
   * `resume`: goes on under the same id. `pause`: is left paused (needs features.capturesPaused) so that the caller can
   * kill it once the image is safe, or resume it. `stop`: the runtime ends it with the capture.
   */
  readonly after: 'resume' | 'pause' | 'stop';
  readonly compression: Compression;
  readonly timeoutMs: number;
}

/** A capture under way. The runtime finishes it alone, also when the caller dies; see `settleCapture`. */
export interface CaptureProcess {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat: with pid, names the process uniquely. */
  readonly startTicks: string;
  /** Resolves when the runtime's command has exited 0; that alone is no proof of a whole image. */
  done(): Promise<CaptureResult>;
}

export interface CaptureResult {
  /** Wall time of the runtime call in milliseconds: an upper bound of the freeze. */
  readonly freezeMs: number;
  readonly containerStatus: ContainerStatus;
}

export interface RestoreRequest {
  readonly id: string;
  readonly bundle: string;
  /** Directory with the runtime's files. Read until the call returns (with `background`: until `restored`). */
  readonly imageDir: string;
  readonly logFile: string;
  readonly background: boolean;
  readonly timeoutMs: number;
}

export interface ContainerRuntime {
  readonly root: string;
  /** Read once per binary and kept. @throws StasisError RuntimeFailed when the binary does not run. */
  info(): Promise<RuntimeInfo>;
  /** Everything under the root, also what others started. Reads files only. */
  list(): Promise<RuntimeContainer[]>;
  /** @throws StasisError ContainerNotFound, message `loading container: …` naming id and root. */
  load(id: string): Promise<RuntimeContainer>;
  /** Calls back, debounced, when something under the root changed; the callback then lists. Returns the stop function. */
  watch(onChange: () => void): () => void;
  /** Creates and starts; resolves once the container runs. @throws NameTaken, RuntimeFailed */
  start(request: StartRequest): Promise<RuntimeContainer>;
  /**
   * Starts the runtime's capture as a process of its own that outlives the caller. The caller has checked the status.
   * @throws StasisError RuntimeFailed when it cannot be started at all.
   */
  beginCapture(request: CaptureRequest): Promise<CaptureProcess>;
  /**
   * After a crash of the caller: waits until no process holds files of the attempt open (bounded by `timeoutMs`), then
   * says what became of the container. Never starts or ends anything.
   */
  settleCapture(request: {
    id: string;
    attemptDir: string;
    timeoutMs: number;
  }): Promise<{ containerStatus: ContainerStatus }>;
  pause(id: string): Promise<void>;
  /** Idempotent: a running container is left as it is. */
  resume(id: string): Promise<void>;
  /** Ends all processes of the container and waits until the sandbox is gone. Idempotent; a stopped one is left. */
  kill(id: string): Promise<void>;
  /** Kills if alive, then removes the runtime's state. Idempotent. */
  delete(id: string): Promise<void>;
  /** Creates and restores; resolves once the container runs; on failure nothing is left under the id. */
  restore(request: RestoreRequest): Promise<RuntimeContainer>;
  /** After a background restore: resolves once the image has been read to its end and may be removed. */
  restored(id: string, timeoutMs: number): Promise<void>;
  /** Resolves with the exit status once the container has ended. */
  wait(id: string): Promise<{ exitStatus: number }>;
}
