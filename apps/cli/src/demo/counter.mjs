// The program that the demo checkpoints: it holds data, draws a secret once, and counts. Nothing but its memory knows
// the secret and the count, so output that goes on with both is the same process going on.
import { randomBytes, randomFillSync } from 'node:crypto';

const [megabytes = '64', periodMs = '50'] = process.argv.slice(2);
const data = randomFillSync(Buffer.alloc(Number(megabytes) * 2 ** 20));
const secret = randomBytes(8).toString('hex');
let count = 0;

setInterval(() => {
  count += 1;
  data[(count * 4096) % data.length] = count & 0xff;
  process.stdout.write(`${JSON.stringify({ count, secret })}\n`);
}, Number(periodMs));
