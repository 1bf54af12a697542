import { Command, Option } from 'commander';
import { runDemo } from '../demo/demo.ts';
import { createTeller } from '../demo/teller.ts';
import { examples, outputFlag } from '../flags.ts';
import { createPrinter, type Format } from '../printer.ts';
import type { Shell } from '../session.ts';
import type { RuntimeKind } from '../up/index.ts';

interface Flags {
  readonly bus?: string;
  readonly runtime?: RuntimeKind;
  readonly keep?: true;
  readonly output: Format;
}

/** `stasis demo`: a running program is checkpointed, killed and brought back where it was, on another node. */
export const demoCommand = (shell: Shell): Command => {
  const command = new Command('demo')
    .description('checkpoint a running program, kill it, bring it back on another node, and check every claim')
    .addOption(new Option('--bus <kind>', 'kafka or postgres (else what can run)').choices(['kafka', 'postgres']))
    .addOption(
      new Option('--runtime <kind>', 'what runs the program').choices(['runsc', 'simulated']).env('STASIS_RUNTIME'),
    )
    .option('--keep', 'leave the home and the restored container');
  outputFlag(command).action(async ({ bus, runtime = 'runsc', keep, output }: Flags) => {
    const { io } = shell;
    const printer = (shell.printer = createPrinter(io, output));
    const simulated = runtime === 'simulated';
    const teller = createTeller(
      (line) => (output === 'table' ? io.out(`${line}\n`) : printer.progress(line)),
      simulated,
    );
    await runDemo(
      { io, printer },
      { runtime, keep: keep === true, ...(bus !== undefined && { bus }) },
      teller,
      (report) => {
        if (output !== 'table') printer.one(report, () => '');
      },
    );
  });
  return examples(command, 'stasis demo', 'stasis demo --bus postgres -o json', 'stasis demo --runtime simulated');
};
