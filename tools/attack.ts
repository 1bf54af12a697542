// `npm run attack -- NAME`: falsifies what Stasis keeps, and exits 0 only when all of it is caught.
import { run } from './attack/ledger.ts';

const attacks: Readonly<Record<string, () => Promise<number>>> = { ledger: run };

const [name = ''] = process.argv.slice(2);
const attack = attacks[name];
if (attack === undefined) {
  console.error(`usage: npm run attack -- ${Object.keys(attacks).join('|')}`);
  process.exitCode = 2;
} else process.exitCode = await attack();
