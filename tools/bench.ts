// `npm run bench -- NAME`: each benchmark is a file that exports run(); it prints its own figures.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const benches: Readonly<Record<string, string>> = {
  oneshot: 'tools/bench/oneshot.ts',
  dispatch: 'tools/bench/dispatch.ts',
  ledger: 'libs/ledger/bench/ledger.ts',
  bus: 'libs/bus/bench/bus.ts',
  store: 'tools/bench/store.ts',
  access: 'apps/api/bench/access.ts',
  audit: 'libs/ledger/bench/audit.ts',
};

const usage = `usage: npm run bench -- ${Object.keys(benches).join('|')}`;

const isBench = (module: unknown): module is { run: (args: readonly string[]) => Promise<void> } =>
  typeof module === 'object' && module !== null && 'run' in module && typeof module.run === 'function';

const [name, ...args] = process.argv.slice(2);
const file = name === undefined ? undefined : benches[name];
if (file === undefined) {
  console.error(usage);
  process.exit(2);
}
const place = path.join(import.meta.dirname, '..', file);
if (!existsSync(place)) {
  console.error(`${file} is not there; ${usage}`);
  process.exit(2);
}
const module: unknown = await import(pathToFileURL(place).href);
if (!isBench(module)) throw new Error(`${file} exports no run()`);
await module.run(args);
