import { setTimeout as sleep } from 'node:timers/promises';
import { isStasisError } from '@stasis/errors';
import { witnessKey } from '@stasis/proof';
import { Command, Option } from 'commander';
import { parseDuration } from '../../duration.ts';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { openSession, type Session, type Shell } from '../../session.ts';
import { loadWitnessKey } from '../../witness/witnessKeyFile.ts';
import { type Witnessed, type Witnessing, witnessLedger } from '../../witness/witnessLedger.ts';
import { openWitnessState } from '../../witness/witnessState.ts';

interface Flags extends CommonFlags {
  readonly state: string;
  readonly key: string;
  readonly name?: string;
  readonly ledger?: string[];
  readonly every: number;
  readonly once?: true;
}

/** `stasis audit witness`: cosigns each consistent tree head that it sees, and stops with evidence at one that is not. */
export const witnessCommand = (shell: Shell): Command => {
  const command = new Command('witness')
    .description('watch the tree heads of a ledger from outside, and cosign those that only added to the last')
    .requiredOption('--state <dir>', 'directory of its own: the last head seen, and evidence')
    .requiredOption('--key <file>', 'its private key; made there when there is none')
    .option('--name <name>', 'name of a key that is to be made, such as witness.example.org/w1')
    .option('--ledger <name>', 'watch this one; may be repeated (default: default and system)', collect)
    .addOption(new Option('--every <duration>', 'how often to look').argParser(parseDuration).default(1000, '1s'))
    .option('--once', 'look once, and return');
  commonFlags(command).action(async (flags: Flags) => witness(openSession(shell, flags), flags));
  return examples(
    command,
    'stasis audit witness --state w1 --key w1.key --name w1.example.org',
    'stasis audit witness --state w1 --key w1.key --once -o json',
  );
};

const collect = (one: string, before: string[] = []): string[] => [...before, one];

async function witness(session: Session, { state: directory, key, name, ledger, every, once }: Flags): Promise<void> {
  const { client, printer, io } = session;
  const signer = loadWitnessKey(key, name);
  const ledgers = ledger ?? ['default', 'system'];
  const state = openWitnessState(directory);
  io.err(`witness key: ${witnessKey(signer)}\n`);
  try {
    const parts = ledgers.map((one): [string, Witnessing] => [
      one,
      { client, signer, state: state.of(one), now: () => new Date() },
    ]);
    if (once === true) {
      const items: Witnessed[] = [];
      for (const [one, part] of parts) items.push(...[(await witnessLedger(part, one)) ?? []].flat());
      printer.one({ key: witnessKey(signer), heads: items }, () => items.map(lineOf).join(''));
      return;
    }
    await watch(session, parts, every);
  } finally {
    state.release();
  }
}

/** Until a signal ends it or a fork is seen; an api that is away or a witness that it does not know is said and waited out. */
async function watch({ printer, io }: Session, parts: readonly [string, Witnessing][], everyMs: number): Promise<void> {
  const signed = new Map<string, number>();
  const said = new Map<string, string>();
  while (!io.signal.aborted) {
    for (const [ledger, part] of parts) {
      try {
        const found = await witnessLedger(part, ledger, signed.get(ledger));
        if (found !== undefined) printer.line(found, () => lineOf(found));
        if (found !== undefined) signed.set(ledger, found.size);
        said.delete(ledger);
      } catch (error) {
        if (!isStasisError(error) || error.code === 'LedgerForked' || io.signal.aborted) throw error;
        if (said.get(ledger) !== error.message) printer.warn(`${ledger}: ${error.message}`);
        said.set(ledger, error.message);
      }
    }
    await sleep(everyMs, undefined, { signal: io.signal }).catch(() => {});
  }
}

const lineOf = ({ ledger, size, after }: Witnessed): string =>
  `${ledger}: cosigned the tree head of size ${size}${after === undefined ? ', the first one seen' : `, after ${after}`}\n`;
