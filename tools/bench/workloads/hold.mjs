// Holds so many MB, half of each page random; at SIGUSR1 changes one word in 5 % of the pages.
import { randomFillSync } from 'node:crypto';

const page = 4096;
const held = Buffer.alloc(Number(process.argv[2]) << 20);
const pages = held.length / page;
for (let at = 0; at < pages; at++) randomFillSync(held, at * page, page / 2);
let round = 0;
process.on('SIGUSR1', () => {
  round += 1;
  for (let left = Math.round(pages * 0.05); left > 0; left--) {
    const at = Math.floor(Math.random() * pages) * page + 8 * Math.floor(Math.random() * (page / 8));
    held.writeDoubleLE(Math.random(), at);
  }
  console.log(`round ${round}`);
});
setInterval(() => {}, 60_000);
console.log('ready');
