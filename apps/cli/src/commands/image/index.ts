import { Command } from 'commander';
import type { Shell } from '../../session.ts';
import { duCommand } from './du.ts';
import { gcCommand } from './gc.ts';
import { getCommand } from './get.ts';
import { lsCommand } from './ls.ts';
import { putCommand } from './put.ts';
import { showCommand } from './show.ts';
import { statsCommand } from './stats.ts';
import { verifyCommand } from './verify.ts';

/** `stasis image …`: the image store itself, with no server. */
export const imageCommand = (shell: Shell): Command => {
  const command = new Command('image').description('put images into the store, get and check them, with no server');
  for (const verb of [
    putCommand,
    getCommand,
    lsCommand,
    showCommand,
    verifyCommand,
    gcCommand,
    statsCommand,
    duCommand,
  ])
    command.addCommand(verb(shell));
  return command;
};
