import { Worker } from 'node:worker_threads';
import { StasisError } from '@stasis/errors';
import type { Calls } from './worker.ts';
import type { Answer, Failure, Question } from './workerMessages.ts';

type Rest<F> = F extends (session: number, ...rest: infer R) => unknown ? R : never;
type Value<F> = F extends (...all: never[]) => infer R ? R : never;

interface Seat {
  readonly worker: Worker;
  readonly waiting: Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>;
}

/**
 * Threads that hash, compress and encrypt. One pool a process, since its size is what the node gives to the store; each
 * thread answers in the order in which it was asked. Idle threads do not keep the process alive.
 */
export class WorkerPool {
  readonly size: number;
  readonly #seats: Seat[] = [];
  #asked = 0;
  #sessions = 0;

  constructor(size: number) {
    this.size = size;
  }

  newSession(): number {
    return ++this.#sessions;
  }

  /** The thread with the least to do. */
  idlest(): number {
    let best = 0;
    for (let at = 1; at < this.size; at++) if (this.#seat(at).waiting.size < this.#seat(best).waiting.size) best = at;
    return best;
  }

  call<K extends keyof Calls>(at: number, name: K, session: number, ...rest: Rest<Calls[K]>): Promise<Value<Calls[K]>> {
    const { worker, waiting } = this.#seat(at);
    const ask = ++this.#asked;
    return new Promise((resolve, reject) => {
      waiting.set(ask, { resolve, reject });
      worker.ref();
      const question: Question = { ask, name, args: [session, ...rest] };
      worker.postMessage(question);
    });
  }

  /** The same call to every thread. */
  async all<K extends keyof Calls>(name: K, session: number, ...rest: Rest<Calls[K]>): Promise<Value<Calls[K]>[]> {
    return Promise.all(Array.from({ length: this.size }, (_, at) => this.call(at, name, session, ...rest)));
  }

  #seat(at: number): Seat {
    const there = this.#seats[at];
    if (there) return there;
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    const waiting: Seat['waiting'] = new Map();
    worker.on('message', ({ ask, value, failure }: Answer) => {
      const one = waiting.get(ask);
      waiting.delete(ask);
      if (waiting.size === 0) worker.unref();
      if (failure === undefined) one?.resolve(value as never);
      else one?.reject(errorOf(failure));
    });
    worker.on('error', (error) => {
      this.#seats.splice(at, 1);
      for (const { reject } of waiting.values()) reject(error as Error);
      waiting.clear();
    });
    worker.unref();
    return (this.#seats[at] = { worker, waiting });
  }
}

const errorOf = ({ stasis, message, next, details, system }: Failure): Error =>
  stasis === undefined
    ? Object.assign(new Error(message), system)
    : new StasisError(stasis, message, { ...(details && { details }), ...(next !== undefined && { next }) });

const pools = new Map<number, WorkerPool>();

export function sharedPool(size: number): WorkerPool {
  const there = pools.get(size) ?? new WorkerPool(size);
  pools.set(size, there);
  return there;
}
