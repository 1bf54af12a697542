import { isStasisError, StasisError } from '@stasis/errors';
import type { PageStore } from '@stasis/store';
import { Command } from 'commander';
import { examples } from '../../flags.ts';
import type { Shell } from '../../session.ts';
import { bytes } from '@stasis/api-contract';
import { imageFlags, openImageSession, type ImageFlags } from './session.ts';

type Verified =
  | { readonly id: string; readonly ok: true; readonly bytes: number; readonly seconds: number }
  | { readonly id: string; readonly ok: false; readonly code: string; readonly message: string };

/** `stasis image verify [ID]`: reads every byte of one image, or of all, and checks it. */
export const verifyCommand = (shell: Shell): Command => {
  const command = new Command('verify')
    .description('read every byte of one image, or of all, and check it')
    .argument('[id]', 'default: all');
  imageFlags(command).action(async (id: string | undefined, flags: ImageFlags) => {
    const { store, printer } = await openImageSession(shell, flags);
    const images: Verified[] = [];
    for (const one of id === undefined ? await store.list() : [id]) images.push(await verified(store, one));
    const broken = images.filter((one) => !one.ok);
    printer.one({ ok: broken.length === 0, images }, () => images.map(line).join(''));
    const [first] = broken;
    if (first !== undefined)
      throw new StasisError(
        first.code === 'ImageIncomplete' ? 'ImageIncomplete' : 'IntegrityMismatch',
        `${broken.length} of ${images.length} images cannot be read back: ${broken.map((one) => one.id).join(', ')}`,
        { next: 'Use another checkpoint, or bring the store back from a copy.' },
      );
  });
  return examples(command, 'stasis image verify', 'stasis image verify img_019… -o json');
};

const verified = async (store: PageStore, id: string): Promise<Verified> => {
  try {
    return { id, ok: true, ...(await store.verify(id)) };
  } catch (error) {
    if (!isStasisError(error) || (error.code !== 'ImageIncomplete' && error.code !== 'IntegrityMismatch')) throw error;
    return { id, ok: false, code: error.code, message: error.message };
  }
};

const line = (one: Verified): string =>
  one.ok ? `${one.id}  whole, ${bytes(one.bytes)}\n` : `${one.id}  ${one.code}: ${one.message}\n`;
