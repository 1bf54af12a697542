import { newId } from '@stasis/events';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import { applyMigrations, startTestApi, type TestApi } from '../../apps/api/src/testApi.ts';
import { appendOf, checkpointLife } from '../../libs/ledger/src/sampleEvents.ts';

/** An api with a Postgres of its own, a signer that runs and copies of its heads outside: what there is to attack. */
export interface LiveLedger {
  readonly api: TestApi;
  readonly postgres: TestPostgres;
  readonly databaseUrl: string;
  /** Records whole lives of checkpoints, 7 events each, and waits for a head that covers them. @returns its size. */
  record(lives: number): Promise<number>;
  stop(): Promise<void>;
}

export async function startLiveLedger(env: Record<string, string> = {}): Promise<LiveLedger> {
  const postgres = await startPostgres({ own: true });
  try {
    const databaseUrl = await postgres.createDatabase();
    await applyMigrations(databaseUrl);
    const api = await startTestApi({ databaseUrl, env });
    const { ledger } = api.api.platform;
    return {
      api,
      postgres,
      databaseUrl,
      record: async (lives) => {
        await ledger.append(Array.from({ length: lives }, () => appendOf(newId('ckp'), checkpointLife())));
        const size = await ledger.head('default');
        await api.until('/v1/tree-heads/latest', (head) => Number(head['size']) >= size);
        return size;
      },
      stop: async () => {
        await api.stop();
        await postgres.stop();
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
