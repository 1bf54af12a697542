import { startPostgres } from '@stasis/testing';
import { testBus } from '../contract/index.ts';
import { crashWhileConsuming } from '../crashWhileConsuming.ts';
import { createPostgresBus } from './index.ts';

testBus('Postgres bus', async () => {
  const postgres = await startPostgres({ own: true });
  const connectionString = await postgres.createDatabase();
  return {
    open: (options) => createPostgresBus({ connectionString, ...options }),
    goDown: postgres.kill,
    comeBack: postgres.restart,
    crashWhileConsuming: (topic, group) =>
      crashWhileConsuming({ STASIS_BUS: 'postgres', DATABASE_URL: connectionString }, topic, group),
    stop: postgres.stop,
  };
});
