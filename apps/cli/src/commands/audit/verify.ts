import { Command } from 'commander';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { openSession, type Shell } from '../../session.ts';
import { reportVerification, verifyTreeHead } from '../../verification.ts';

/** `stasis audit verify`: whether what was recorded still is what was recorded. */
export const verifyCommand = (shell: Shell): Command => {
  const command = new Command('verify')
    .description('recompute every leaf and hash, and check the signature of the newest tree head')
    .option('--ledger <name>', 'default: the one of the token');
  commonFlags(command).action(async (flags: CommonFlags & { readonly ledger?: string }) => {
    const session = openSession(shell, flags);
    const query = flags.ledger === undefined ? {} : { ledger: flags.ledger };
    const found = await session.client.verifyLedger({ query });
    const treeHead = await verifyTreeHead(session.client, found.ledger);
    reportVerification(session.printer, found, treeHead);
  });
  return examples(command, 'stasis audit verify', 'stasis audit verify --ledger system -o json');
};
