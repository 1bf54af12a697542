/** Runs operations: at most one a container, at most `concurrency` at once, in the order in which they came. */
export class Work {
  readonly #concurrency: number;
  readonly #tails = new Map<string, Promise<void>>();
  readonly #waiting: (() => void)[] = [];
  readonly #running = new Set<Promise<void>>();
  #slots = 0;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  /** True while an operation on the container runs or waits. */
  isBusy(container: string): boolean {
    return this.#tails.has(container);
  }

  /** Queues an operation. `operation` must not throw: it says itself how it ended. */
  add(container: string, operation: (slot: Slot) => Promise<void>): Promise<void> {
    const before = this.#tails.get(container) ?? Promise.resolve();
    const mine = this.#run(before, operation);
    const settled = mine
      .catch(() => undefined)
      .finally(() => {
        this.#running.delete(settled);
        if (this.#tails.get(container) === settled) this.#tails.delete(container);
      });
    this.#tails.set(container, settled);
    this.#running.add(settled);
    return mine;
  }

  async #run(before: Promise<void>, operation: (slot: Slot) => Promise<void>): Promise<void> {
    await before;
    await this.enter();
    try {
      await operation(new Slot(this));
    } finally {
      this.leave();
    }
  }

  /** Resolves once nothing runs or waits any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async enter(): Promise<void> {
    if (this.#slots < this.#concurrency) this.#slots += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#slots -= 1;
    else next();
  }
}

/** The place among the concurrent operations of a node that one operation holds. */
export class Slot {
  readonly #work: Work;

  constructor(work: Work) {
    this.#work = work;
  }

  /** Gives the place to others while `wait` is going on, and takes one again after it. */
  async freeDuring<T>(wait: () => Promise<T>): Promise<T> {
    this.#work.leave();
    try {
      return await wait();
    } finally {
      await this.#work.enter();
    }
  }
}
