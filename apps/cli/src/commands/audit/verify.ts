import { StasisError } from '@stasis/errors';
import { Command } from 'commander';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { createPrinter } from '../../printer.ts';
import { openSession, type Shell } from '../../session.ts';
import { reportVerification, verifyTreeHead } from '../../verification.ts';
import { verifyProofFile } from '../../verifyProofFile.ts';

interface Flags extends CommonFlags {
  readonly ledger?: string;
  readonly key?: string;
  readonly witness?: string[];
}

/** `stasis audit verify [FILE]`: whether what was recorded still is what was recorded. */
export const verifyCommand = (shell: Shell): Command => {
  const command = new Command('verify')
    .description('check a proof offline; without a file, the whole ledger at the api')
    .argument('[file]', 'proof of one event, as `stasis audit prove` or a .tlog-proof')
    .option('--key <key>', "of a file: the ledger's verifier key, or a file that holds it")
    .option('--witness <key>', 'of a file: this witness must have cosigned; may be repeated', collect)
    .option('--ledger <name>', 'without a file: this ledger (default: the one of the token)');
  commonFlags(command).action(async (file: string | undefined, flags: Flags) =>
    file === undefined ? verifyLedger(shell, flags) : verifyFile(shell, file, flags),
  );
  return examples(
    command,
    'stasis audit verify',
    'stasis audit verify --ledger system -o json',
    'stasis audit verify evt.proof --key ledger.pub --witness witness.pub',
  );
};

const collect = (one: string, before: string[] = []): string[] => [...before, one];

async function verifyFile(shell: Shell, file: string, { key, witness = [], output }: Flags): Promise<void> {
  if (key === undefined)
    throw new StasisError('Usage', 'a proof is checked with a key, and --key is missing', {
      next: 'GET /v1/tree-heads/key shows the key; get it by another way than the proof.',
    });
  shell.printer = createPrinter(shell.io, output);
  await verifyProofFile(shell.printer, file, { key, witness });
}

async function verifyLedger(shell: Shell, flags: Flags): Promise<void> {
  if (flags.key !== undefined || flags.witness !== undefined)
    throw new StasisError('Usage', '--key and --witness are for a file, and none is given');
  const session = openSession(shell, flags);
  const query = flags.ledger === undefined ? {} : { ledger: flags.ledger };
  const found = await session.client.verifyLedger({ query });
  const treeHead = await verifyTreeHead(session.client, found.ledger);
  reportVerification(session.printer, found, treeHead);
}
