import { type EventData, newId } from '@stasis/events';
import type { Ledger } from '@stasis/ledger';
import type { Actor } from '../actor.ts';
import type { Log } from '../log.ts';
import { type Recorded, recordEvents } from '../recordEvents.ts';

export interface Denial {
  readonly actor: Actor;
  /** What its event is about; the answer to the caller carries it too. */
  readonly requestId: string;
  readonly what: Omit<EventData<'access.denied'>, 'unreported'>;
}

export interface Denials {
  /**
   * Records a denial, at most `burst` of one actor at once and then one every `everyMs`; the others are counted, and the
   * count is in the next event. Never throws: while the ledger is away they are counted likewise.
   */
  record(denial: Denial): Promise<void>;
  /** Records what is only counted yet. */
  close(): Promise<void>;
}

/** What one actor was denied lately. Its events come from a bucket that holds `burst` and refills by one every `everyMs`. */
interface Account {
  left: number;
  refilled: number;
  unreported: number;
  last: Denial;
  timer?: NodeJS.Timeout;
}

export function recordDenials(
  ledger: Ledger,
  log: Log,
  onRecorded: (recorded: Recorded) => void,
  { burst = 10, everyMs = 10_000 } = {},
): Denials {
  const accounts = new Map<string, Account>();

  const append = async (account: Account, denial: Denial): Promise<void> => {
    const unreported = account.unreported;
    account.unreported = 0;
    try {
      onRecorded(await recordEvents(ledger, decisionOn(denial, unreported)));
    } catch (error) {
      account.unreported += unreported + 1;
      later(account);
      log.warn({ err: error, code: denial.what.code }, 'a denial is counted, not recorded: the ledger is away');
    }
  };

  /** Says what was counted even if the actor never comes back. */
  const later = (account: Account): void => {
    account.timer ??= setTimeout(() => {
      delete account.timer;
      void tellCount(account);
    }, everyMs).unref();
  };

  const tellCount = async (account: Account): Promise<void> => {
    if (account.unreported === 0) return;
    // The last of them gets the event, the others are its count.
    account.unreported -= 1;
    account.left -= 1;
    await append(account, account.last);
  };

  return {
    record: async (denial) => {
      const account = accountOf(accounts, denial, burst, everyMs);
      account.last = denial;
      if (account.left >= 1) {
        account.left -= 1;
        await append(account, denial);
      } else {
        account.unreported += 1;
        later(account);
      }
    },
    close: async () => {
      for (const account of accounts.values()) {
        clearTimeout(account.timer);
        await tellCount(account);
        clearTimeout(account.timer);
      }
    },
  };
}

function accountOf(accounts: Map<string, Account>, denial: Denial, burst: number, everyMs: number): Account {
  const now = Date.now();
  const found = accounts.get(denial.actor.authid);
  const account = found ?? { left: burst, refilled: now, unreported: 0, last: denial };
  account.left = Math.min(burst, account.left + (now - account.refilled) / everyMs);
  account.refilled = now;
  if (found === undefined) accounts.set(denial.actor.authid, account);
  return account;
}

const decisionOn = ({ actor, requestId, what }: Denial, unreported: number): Parameters<typeof recordEvents>[1] => ({
  noun: 'access',
  subject: requestId,
  actor,
  firstId: newId('evt'),
  decide: (recorded) => (recorded.length > 0 ? [] : [{ key: 'access.denied', data: { ...what, unreported } }]),
});
