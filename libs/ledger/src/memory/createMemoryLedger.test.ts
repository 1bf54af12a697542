import { ledgerContract } from '../contract.ts';
import type { Ledger } from '../port.ts';
import { createMemoryLedger } from './createMemoryLedger.ts';

let last: Ledger;

ledgerContract('memory', {
  open: async () => (last = createMemoryLedger()),
  openAgain: async () => last,
  tearDown: async () => {},
});
