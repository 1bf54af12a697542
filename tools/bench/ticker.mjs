// Runs inside the container: holds MB megabytes of random data and ticks each millisecond. Every gap between two ticks
// above 5 ms is one line, `gap <milliseconds>`; `ready` says that the memory is filled.
import { getRandomValues } from 'node:crypto';

const megabytes = Number(process.argv[2]);
const held = Array.from({ length: megabytes }, () => {
  const block = Buffer.allocUnsafeSlow(1 << 20);
  for (let at = 0; at < block.length; at += 65536) getRandomValues(block.subarray(at, at + 65536));
  return block;
});
process.stdout.write('ready\n');
let last = Date.now();
setInterval(() => {
  const now = Date.now();
  if (now - last > 5) process.stdout.write(`gap ${now - last}\n`);
  last = now;
  if (held.length !== megabytes) throw new Error('unreachable: keeps the data alive');
}, 1);
