import path from 'node:path';
import { keyStatementBytes } from '@stasis/events';
import { Command } from 'commander';
import { commonFlags, type CommonFlags, examples } from '../../flags.ts';
import { openSession, type Shell } from '../../session.ts';
import { facts } from '../../table.ts';
import { stasisHome } from '../../up/places.ts';

/**
 * `stasis node rekey NODE`: on the node's own machine, by whoever may read its key. The agents go on and sign with the new
 * key from their next fact.
 */
export const rekeyCommand = (shell: Shell): Command => {
  const command = new Command('rekey')
    .description('give a node of this machine a new key, signed by the old one')
    .argument('<node>');
  commonFlags(command).action(async (node: string, flags: CommonFlags) => {
    const { client, printer } = openSession(shell, flags);
    const { rekeyNode } = await import('@stasis/agent');
    const { keyId } = await rekeyNode(path.join(stasisHome(), 'nodes', node), async (old, { publicKey }) => {
      const statement = await old.sign(keyStatementBytes(`node/${node}`, old.keyId, publicKey));
      await client.rekeyNode({ body: { node, oldKeyId: old.keyId, publicKey, statement } });
    });
    printer.one({ node, keyId }, () =>
      facts([
        ['node', node],
        ['key', keyId],
      ]),
    );
  });
  return examples(command, 'stasis node rekey node-a');
};
