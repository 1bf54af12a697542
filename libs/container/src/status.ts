import { StasisError } from '@stasis/errors';

/**
 * What each status of a container allows. One row a status, one column a verb; every check and its message come from
 * here. The statuses are those of the OCI runtime spec (creating, created, running, stopped) with gVisor's `paused`, and
 * `gone` for a container whose runtime state no longer exists.
 */
const row = (flags: {
  checkpoint?: true;
  pause?: true;
  resume?: true;
  stop?: true;
  remove?: true;
  alive?: true;
  nameFree?: true;
}) => ({
  canCheckpoint: flags.checkpoint === true,
  canPause: flags.pause === true,
  canResume: flags.resume === true,
  canStop: flags.stop === true,
  canRemove: flags.remove === true,
  /** A sandbox process exists. */
  isAlive: flags.alive === true,
  /** A new container may be started or restored under this name. */
  nameIsFree: flags.nameFree === true,
});

export const statusTable = {
  creating: row({ alive: true }),
  created: row({ stop: true, remove: true, alive: true }),
  running: row({ checkpoint: true, pause: true, stop: true, alive: true }),
  paused: row({ checkpoint: true, resume: true, stop: true, alive: true }),
  stopped: row({ remove: true }),
  gone: row({ nameFree: true }),
} as const;

export type ContainerStatus = keyof typeof statusTable;
export type Verb = 'checkpoint' | 'pause' | 'resume' | 'stop' | 'remove';

const column = {
  checkpoint: 'canCheckpoint',
  pause: 'canPause',
  resume: 'canResume',
  stop: 'canStop',
  remove: 'canRemove',
} as const satisfies Record<Verb, keyof (typeof statusTable)['running']>;

export const containerStatuses = Object.keys(statusTable) as ContainerStatus[];

export const allows = (status: ContainerStatus, verb: Verb): boolean => statusTable[status][column[verb]];

/** The sentence gVisor uses, for one status and one verb. */
export const refusal = (verb: Verb, id: string, status: ContainerStatus): string =>
  `cannot ${verb} container "${id}" in state ${status}`;

/** @throws StasisError ContainerNotRunning, with gVisor's sentence. */
export function requireAllowed(verb: Verb, id: string, status: ContainerStatus): void {
  if (!allows(status, verb)) throw new StasisError('ContainerNotRunning', refusal(verb, id, status));
}
