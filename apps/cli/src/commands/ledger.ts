import { Command } from 'commander';
import { commonFlags, type CommonFlags, examples } from '../flags.ts';
import { openSession, type Shell } from '../session.ts';
import { reportVerification } from '../verification.ts';

interface Flags extends CommonFlags {
  readonly ledger?: string;
}

const queryOf = ({ ledger }: Flags): { ledger?: string } => (ledger === undefined ? {} : { ledger });

/** `stasis ledger rebuild|verify`: the read models from the events, and the events from their leaves. */
export const ledgerCommand = (shell: Shell): Command =>
  new Command('ledger')
    .description('check the ledger, and build the read models anew from it')
    .addCommand(rebuildCommand(shell))
    .addCommand(verifyCommand(shell));

const rebuildCommand = (shell: Shell): Command => {
  const command = new Command('rebuild')
    .description('build the read models anew from the events')
    .option('--ledger <name>', 'default: the one of the token');
  commonFlags(command).action(async (flags: Flags) => {
    const { client, printer } = openSession(shell, flags);
    const done = await client.rebuildLedger({ query: queryOf(flags) });
    printer.one(done, () => `ledger ${done.ledger}: read models built from ${done.events} events\n`);
  });
  return examples(command, 'stasis ledger rebuild');
};

const verifyCommand = (shell: Shell): Command => {
  const command = new Command('verify')
    .description('recompute every leaf, hash and index')
    .option('--ledger <name>', 'default: the one of the token')
    .option('--signatures', 'check also that nodes signed what they told');
  commonFlags(command).action(async ({ signatures, ...flags }: Flags & { readonly signatures?: true }) => {
    const { client, printer } = openSession(shell, flags);
    reportVerification(
      printer,
      await client.verifyLedgerNow({ query: { ...queryOf(flags), ...(signatures && { signatures: 'true' }) } }),
    );
  });
  return examples(command, 'stasis ledger verify', 'stasis ledger verify --signatures -o json');
};
