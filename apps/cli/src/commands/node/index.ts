import { Command } from 'commander';
import type { Shell } from '../../session.ts';
import { enrolCommand } from './enrol.ts';
import { rekeyCommand } from './rekey.ts';

/** `stasis node enrol|rekey`: how a node comes to its identity, and to a new key. */
export const nodeCommand = (shell: Shell): Command =>
  new Command('node')
    .description('enrol a node, give it a new key')
    .addCommand(enrolCommand(shell))
    .addCommand(rekeyCommand(shell));
