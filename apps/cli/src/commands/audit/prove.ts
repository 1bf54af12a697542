import { writeFile } from 'node:fs/promises';
import { messageOf, StasisError } from '@stasis/errors';
import { formatTlogProof, fromBase64 } from '@stasis/proof';
import { Command, Option } from 'commander';
import { fetchProof, proofText } from '../../fetchProof.ts';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { openSession, type Session, type Shell } from '../../session.ts';

interface Flags extends CommonFlags {
  readonly format: 'json' | 'tlog-proof';
  readonly out?: string;
}

/** `stasis audit prove EVENT`: one file by which an outsider can check that the event was recorded. */
export const proveCommand = (shell: Shell): Command => {
  const command = new Command('prove')
    .description('write the proof of one event, to be checked without the server')
    .argument('<event>', 'evt_…, as `stasis audit log` lists them')
    .addOption(new Option('--format <format>', 'form of the proof').choices(['json', 'tlog-proof']).default('json'))
    .option('--out <file>', 'write to a new file instead of the standard output');
  commonFlags(command).action(async (event: string, flags: Flags) => {
    if (flags.format === 'tlog-proof' && flags.output !== 'table' && flags.out === undefined)
      throw new StasisError('Usage', 'a tlog-proof is text: give --out, or leave -o away');
    const session = openSession(shell, flags);
    const text = await proofOf(session, event, flags.format);
    if (flags.out === undefined) session.io.out(text);
    else await writeProof(session, flags.out, text, event);
  });
  return examples(
    command,
    'stasis audit prove evt_01kayz… --out evt.proof',
    'stasis audit verify evt.proof --key ledger.pub',
  );
};

async function proofOf({ client }: Session, event: string, format: Flags['format']): Promise<string> {
  if (format === 'json') return proofText(await fetchProof(client, event));
  const { leaf, leafIndex, hashes, treeHead } = await client.getProof({ query: { event } });
  return formatTlogProof({ extra: bytes(leaf), index: leafIndex, hashes: hashes.map(bytes), treeHead });
}

function bytes(base64: string): Uint8Array {
  const read = fromBase64(base64);
  if (read === undefined) throw new StasisError('ProofInvalid', 'the api answered with what is not base64');
  return read;
}

async function writeProof({ printer }: Session, file: string, text: string, event: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    throw new StasisError('Usage', `${file} cannot be written: ${messageOf(error)}`, {
      next: 'Give --out a new file in a directory that you may write to.',
    });
  }
  printer.one({ event, file }, () => `${file}\n`);
}
