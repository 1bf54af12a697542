import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ExportManifest } from '@stasis/api-contract';
import { Command, Option } from 'commander';
import { manifestOf, readManifest } from '../../export/manifest.ts';
import { writeExport } from '../../export/writeExport.ts';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { openSession, type Shell } from '../../session.ts';
import { filterFlags, type FilterFlags, filterOf } from './filterFlags.ts';

interface Flags extends CommonFlags, FilterFlags {
  readonly format: 'ndjson' | 'csv';
  readonly out: string;
  readonly previous?: string;
}

/** `stasis audit export --out DIR`: the events as a file, and a manifest that says what it is of. */
export const exportCommand = (shell: Shell): Command => {
  const command = filterFlags(
    new Command('export')
      .description('write events to a directory, with a manifest that can be checked')
      .addOption(
        new Option('--format <format>', 'NDJSON holds CloudEvents').choices(['ndjson', 'csv']).default('ndjson'),
      )
      .requiredOption('--out <dir>', 'made if it is not there; must not hold an export')
      .option('--previous <manifest>', 'go on after an earlier export, and prove that nothing lies between'),
  );
  commonFlags(command).action(async (flags: Flags) => {
    const session = openSession(shell, flags);
    const previous = flags.previous === undefined ? undefined : await readManifest(flags.previous);
    const asked = filterOf(flags);
    const after = asked.after ?? previous?.range.upTo ?? 0;
    const filter = { ...asked, after };
    await mkdir(flags.out, { recursive: true });
    const file = `events.${flags.format}`;
    const written = await writeExport(session, { ...filter, format: flags.format }, path.join(flags.out, file));
    const { format } = flags;
    const ledger = asked.ledger ?? 'default';
    const manifest = await manifestOf(session.client, { ledger, filter, file, format, after, written, previous });
    await writeFile(path.join(flags.out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx' });
    session.printer.one(manifest, () => textOf(manifest, flags.out));
    if ((manifest.previous?.missing ?? 0) > 0)
      session.printer.warn(`${manifest.previous?.missing} positions lie between the previous export and this one`);
  });
  return examples(
    command,
    'stasis audit export --out audit-2026-11',
    'stasis audit export --out week-2 --previous week-1/manifest.json',
  );
};

const textOf = ({ rows, range, file, previous }: ExportManifest, out: string): string =>
  `${rows} events of positions ${range.after + 1} to ${range.upTo} in ${path.join(out, file)}\n` +
  (previous === undefined ? '' : `the ledger only grew since the previous export (${previous.treeSize} events)\n`);
