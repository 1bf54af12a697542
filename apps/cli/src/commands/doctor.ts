import { StasisError } from '@stasis/errors';
import { Command } from 'commander';
import { diagnose, type Finding } from '../doctor.ts';
import { examples, outputFlag } from '../flags.ts';
import { createPrinter, type Format } from '../printer.ts';
import type { Shell } from '../session.ts';
import { facts } from '../table.ts';

const sign = { yes: 'ok', less: 'less', no: 'NO' } as const;

/** `stasis doctor`: what this machine can and cannot do, and what to do about it. */
export const doctorCommand = (shell: Shell): Command => {
  const command = new Command('doctor').description('what this machine can and cannot do, and what to do about it');
  outputFlag(command).action(async ({ output }: { output: Format }) => {
    const printer = (shell.printer = createPrinter(shell.io, output));
    const findings = await diagnose();
    const lacking = findings.filter(({ state }) => state === 'no');
    printer.one({ ok: lacking.length === 0, findings }, () => facts(findings.flatMap(lines)));
    if (lacking.length > 0)
      throw new StasisError('ConfigInvalid', `this machine lacks: ${lacking.map(({ what }) => what).join(', ')}`, {
        next: 'Do what is said above.',
      });
  });
  return examples(command, 'stasis doctor', 'stasis doctor -o json');
};

const lines = ({ what, state, found, next }: Finding): (readonly [string, string])[] => [
  [`${sign[state].padEnd(4)}  ${what}`, found],
  ...(next === undefined ? [] : [['', next] as const]),
];
