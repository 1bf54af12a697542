import { isStasisError } from '@stasis/errors';
import { Command } from 'commander';
import { findContainer } from '../findContainer.ts';
import { commonFlags, type CommonFlags, examples } from '../flags.ts';
import { openSession, type Session, type Shell } from '../session.ts';
import { checkpointText, containerText, eventLine, nodeText, restoreText } from '../views.ts';

/** `stasis show ID`: one checkpoint, restore, event, container or node. */
export const showCommand = (shell: Shell): Command => {
  const command = new Command('show')
    .description('one checkpoint, restore, event, container or node, with its history')
    .argument('<id>', 'ckp_…, rst_…, evt_…, a container or a node');
  commonFlags(command).action(async (id: string, flags: CommonFlags) => show(openSession(shell, flags), id));
  return examples(command, 'stasis show ckp_01kayz…', 'stasis show node-a/web-1 -o json');
};

const show = async (session: Session, id: string): Promise<void> => {
  const { client, printer } = session;
  const prefix = /^(ckp|rst|evt)_/.exec(id)?.[1];
  if (prefix === 'ckp') {
    const view = await client.getCheckpoint({ params: { id } });
    printer.one(view, () => checkpointText(view));
  } else if (prefix === 'rst') {
    const view = await client.getRestore({ params: { id } });
    printer.one(view, () => restoreText(view));
  } else if (prefix === 'evt') {
    const event = await client.getEvent({ params: { id } });
    printer.one(event, () => `${eventLine(event)}\n${JSON.stringify(event.data, null, 2)}\n`);
  } else await showNamed(session, id);
};

const showNamed = async ({ client, printer }: Session, name: string): Promise<void> => {
  try {
    const view = await client.getContainer({ params: await findContainer(client, name) });
    printer.one(view, () => containerText(view));
  } catch (error) {
    if (!isStasisError(error) || error.code !== 'ContainerNotFound' || name.includes('/')) throw error;
    const node = (await client.listNodes()).items.find((one) => one.id === name);
    if (node === undefined) throw error;
    printer.one(node, () => nodeText(node));
  }
};
