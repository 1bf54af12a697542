// Runs as a process of its own, so that its peak memory is its own: puts a series, then gets the last of it.
import { rmSync } from 'node:fs';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { openStore } from '@stasis/store';

const [storeDir, keyFile, out, ...images] = process.argv.slice(2) as [string, string, string, ...string[]];
const store = await openStore(pathToFileURL(storeDir).href, { ...process.env, STASIS_STORE_KEY: keyFile });

async function cost(call: () => Promise<unknown>): Promise<{ seconds: number; cpu: number; peak: number }> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await call();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return { seconds, cpu: (user + system) / 1e6, peak: peak() };
}

const peak = (): number => Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024;

const puts = [];
let before: string | undefined;
for (const [at, image] of images.entries()) {
  const id = `image-${at + 1}`;
  let added = 0;
  const spent = await cost(async () => {
    const put = await store.putDirectory(id, image, { ...(before !== undefined && { parent: before }) });
    added = put.bytesNew;
  });
  puts.push({ ...spent, added });
  before = id;
}
const gets = [];
for (let round = 0; round < 3; round++) {
  rmSync(out, { recursive: true, force: true });
  gets.push(await cost(() => store.getDirectory(before!, out)));
}
console.log(JSON.stringify({ puts, gets }));
