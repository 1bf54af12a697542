import { isStasisError, messageOf } from '@stasis/errors';
import { latestTreeHead, listTreeHeads, type PostgresLedger, treeHeadOfSize } from '@stasis/ledger/postgres';
import { pause } from '../leader.ts';
import type { Log } from '../log.ts';
import type { HeadsDirectory } from './headsDirectory.ts';
import { ledgersWithHeads } from './signTreeHeads.ts';

/** The copy of the tree heads outside the database, as far as one api sees it. */
export interface TreeHeadKeeper {
  /** What is wrong with it: a fork stays until the api is started again. Undefined = it holds every head there is. */
  trouble(): string | undefined;
  stop(): Promise<void>;
}

interface Parts {
  readonly ledger: PostgresLedger;
  readonly directory: HeadsDirectory;
  readonly log: Log;
  /** Told once for each head that contradicts the directory. */
  readonly onFork: (ledger: string) => void;
}

const everyMs = 500;
const batchSize = 500;
/** How many of the newest notes are compared with the database when an api starts. */
const comparedAtStart = 1000;

/**
 * Copies every tree head to the directory, soon after it was signed, whichever api signed it. First compares what the
 * directory holds with the database: a database that was put back or rewritten lacks a head or has another.
 */
export function keepTreeHeads({ ledger, directory, log, onFork }: Parts): TreeHeadKeeper {
  const { database } = ledger;
  const stopping = new AbortController();
  const forks = new Set<string>();
  const copied = new Map<string, number>();
  let failure: string | undefined;

  const shout = (name: string, message: string): void => {
    if (forks.has(message)) return;
    forks.add(message);
    log.error({ ledger: name, directory: directory.root }, `FORK of the ledger: ${message}`);
    onFork(name);
  };

  /** @returns the size up to which the directory has the database's heads. */
  const compare = async (name: string): Promise<number> => {
    const sizes = await directory.sizes(name);
    for (const size of sizes.slice(-comparedAtStart)) {
      const [own, there] = [await treeHeadOfSize(database, name, size), await directory.read(name, size)];
      if (own?.note !== there)
        shout(
          name,
          own === undefined
            ? `the database has no tree head of size ${size}, and the directory of tree heads has one`
            : `the tree head of size ${size} is another than the one in the directory of tree heads`,
        );
    }
    // What the directory has beyond the database was written before: all that the database signs again is compared.
    const newest = await latestTreeHead(database, name);
    return Math.min(sizes.at(-1) ?? -1, newest?.size ?? -1);
  };

  const copy = async (name: string): Promise<void> => {
    let after = copied.get(name) ?? (await compare(name));
    for (;;) {
      const heads = await listTreeHeads(database, name, { after, limit: batchSize });
      for (const { size, note } of heads) {
        await directory.keep(name, size, note).catch((error: unknown) => {
          if (!isStasisError(error) || error.code !== 'LedgerForked') throw error;
          shout(name, error.message);
        });
        after = size;
        copied.set(name, after);
      }
      if (heads.length < batchSize) break;
    }
    copied.set(name, after);
  };

  const round = async (): Promise<void> => {
    try {
      for (const name of await ledgersWithHeads(database)) await copy(name);
      failure = undefined;
    } catch (error) {
      const message = `tree heads are not copied to ${directory.root}: ${messageOf(error)}`;
      if (failure === undefined) log.warn({ error: messageOf(error) }, message);
      failure = message;
    }
  };

  const running = (async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await round();
      await pause(everyMs, stopping.signal);
    }
  })();

  return {
    trouble: () => [...forks][0] ?? failure,
    stop: async () => {
      stopping.abort();
      await running;
      await round();
    },
  };
}
