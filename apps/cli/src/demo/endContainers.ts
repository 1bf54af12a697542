import { isStasisError } from '@stasis/errors';
import { settled } from '../containerRequest.ts';
import type { Session } from '../session.ts';

const patienceMs = 10_000;

/**
 * Removes the containers of a demo or a sample: those below its home, not others that its nodes may see as well.
 * One that cannot be reached is left to `removeHome`.
 */
export const endContainers = async (session: Session, home: string): Promise<void> => {
  // The command may have been interrupted: this must still be done.
  const unhurried: Session = { ...session, io: { ...session.io, signal: new AbortController().signal } };
  try {
    const { items } = await session.client.listContainers({ query: { limit: 1000 } });
    await Promise.all(
      items
        .filter(({ root }) => root?.startsWith(`${home}/`))
        .map(async ({ node, name: id }) => {
          const call = { params: { node, id }, body: { reason: 'the end' } };
          await settled(unhurried, await session.client.requestRemove(call), patienceMs);
        }),
    );
  } catch (error) {
    if (!isStasisError(error)) throw error;
    session.printer.progress(`containers were not removed in order (${error.message}); ending them`);
  }
};
