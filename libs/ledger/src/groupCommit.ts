/**
 * Gathers concurrent calls into batches: while one batch is being committed, the next one fills. Under load the cost of a
 * commit is shared; alone, a call waits for nobody.
 *
 * `commit` settles each item by itself, so that one caller's bad input is no other caller's failure; if it throws, all of
 * the batch fail with that error.
 */
export function createGroupCommit<Item, Result>(options: {
  readonly commit: (items: readonly Item[]) => Promise<readonly PromiseSettledResult<Result>[]>;
  readonly weightOf: (item: Item) => number;
  /** A batch is closed when it holds this much; a heavier single item goes alone. */
  readonly maxWeight: number;
}): { submit(item: Item): Promise<Result>; idle(): Promise<void> } {
  const queue: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = [];
  let running: Promise<void> | undefined;

  const takeBatch = (): typeof queue => {
    let weight = 0;
    let count = 0;
    for (const { item } of queue) {
      weight += options.weightOf(item);
      if (count > 0 && weight > options.maxWeight) break;
      count += 1;
    }
    return queue.splice(0, count);
  };

  const drain = async (): Promise<void> => {
    while (queue.length > 0) {
      const batch = takeBatch();
      try {
        const results = await options.commit(batch.map(({ item }) => item));
        for (const [index, { resolve, reject }] of batch.entries()) {
          const result = results[index]!;
          if (result.status === 'fulfilled') resolve(result.value);
          else reject(result.reason);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = undefined;
  };

  return {
    submit: (item) =>
      new Promise<Result>((resolve, reject) => {
        queue.push({ item, resolve, reject });
        // A microtask later, so that calls of one tick share a batch.
        running ??= Promise.resolve().then(drain);
      }),
    idle: () => running ?? Promise.resolve(),
  };
}
