import { Command } from 'commander';
import type { Shell } from '../../session.ts';
import { asOfCommand } from './asOf.ts';
import { diffCommand } from './diff.ts';
import { exportCommand } from './export.ts';
import { logCommand } from './log.ts';
import { proveCommand } from './prove.ts';
import { trailCommand } from './trail.ts';
import { verifyCommand } from './verify.ts';
import { witnessCommand } from './witness.ts';

/** `stasis audit …`: one file a verb. */
export const auditCommand = (shell: Shell): Command =>
  new Command('audit')
    .description('what was recorded, and the proof that it was')
    .addCommand(logCommand(shell))
    .addCommand(asOfCommand(shell))
    .addCommand(diffCommand(shell))
    .addCommand(trailCommand(shell))
    .addCommand(exportCommand(shell))
    .addCommand(proveCommand(shell))
    .addCommand(verifyCommand(shell))
    .addCommand(witnessCommand(shell));
