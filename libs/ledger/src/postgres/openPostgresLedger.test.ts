import { startPostgres } from '@stasis/testing';
import { ledgerContract } from '../contract.ts';
import { startTestLedgers, type TestLedgers } from '../testDatabase.ts';

let ledgers: TestLedgers;

ledgerContract('Postgres', {
  setUp: async () => {
    ledgers = await startTestLedgers(await startPostgres());
  },
  open: () => ledgers.open(),
  openAgain: () => ledgers.openAgain(),
  tearDown: () => ledgers.tearDown(),
});
