import type { Readiness } from '@stasis/api-contract';
import { messageOf } from '@stasis/errors';
import { defaultLedger } from '@stasis/events';
import { latestTreeHead } from '@stasis/ledger/postgres';
import { findNode } from '../nodes/nodeIsLost.ts';
import type { Platform } from '../platform.ts';

type Part = Readiness['parts'][number];

/** Whether every part is up: database, bus, tree heads and their copies, and both agents of each expected node since this api began. */
export async function checkReadiness(platform: Platform): Promise<Readiness> {
  const { ledger, bus, settings } = platform;
  const parts = await Promise.all([
    part('database', async () => void (await ledger.head(defaultLedger))),
    part('bus', () => bus.ping()),
    part('tree head', async () => {
      if ((await latestTreeHead(ledger.database, defaultLedger)) === undefined) throw new Error('none is signed yet');
    }),
    part('tree heads outside the database', async () => {
      const trouble = platform.headKeeper.trouble();
      if (trouble !== undefined) throw new Error(trouble);
    }),
    ...settings.expectedNodes.flatMap((node) =>
      (['checkpointer', 'restorer'] as const).map((agent) =>
        part(`${agent} of ${node}`, async () => {
          const view = (await findNode(ledger.database, node))?.agents[agent];
          if (view?.status === 'lost') throw new Error('it has stopped answering');
          const heard = platform.heartbeats.last(node, agent);
          const isNew = view !== undefined && Date.parse(view.joinedAt) >= platform.startedAt.getTime();
          if (view === undefined || (heard === undefined && !isNew)) throw new Error('it has not joined');
          if (heard?.trouble !== undefined) throw new Error(heard.trouble);
        }),
      ),
    ),
  ]);
  return { ready: parts.every(({ up }) => up), parts };
}

async function part(name: string, check: () => Promise<void>): Promise<Part> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('it did not answer in 3 s')), 3000);
  });
  try {
    await Promise.race([check(), late]);
    return { part: name, up: true };
  } catch (error) {
    return { part: name, up: false, message: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
