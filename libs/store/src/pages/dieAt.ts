// For tests, preloaded into a child: kills it right before its n-th call that changes the file system (DIE_AT), a write
// in the middle. Prints how many there were when it lives to its end.
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const dieAt = Number(process.env['DIE_AT']);
let calls = 0;

const die = (): void => void process.kill(process.pid, 'SIGKILL');

const before = (): boolean => ++calls === dieAt;

function wrap(owner: object, name: string): void {
  const call = (owner as Record<string, (...args: unknown[]) => unknown>)[name]!;
  (owner as Record<string, unknown>)[name] = function (this: unknown, ...args: unknown[]) {
    if (before()) die();
    return call.apply(this, args);
  };
}

const handle = await fs.open(process.execPath, 'r');
const prototype = Object.getPrototypeOf(handle) as fs.FileHandle;
await handle.close();
const write = prototype.write as (this: fs.FileHandle, ...args: unknown[]) => Promise<unknown>;
Object.assign(prototype, {
  async write(this: fs.FileHandle, bytes: Uint8Array, ...rest: unknown[]) {
    if (!before()) return write.call(this, bytes, ...rest);
    await write.call(this, bytes, 0, Math.ceil(bytes.length / 2));
    die();
    return new Promise<never>(() => {});
  },
});
wrap(prototype, 'sync');
for (const name of ['rename', 'link', 'mkdir', 'rm']) wrap(fs, name);
syncBuiltinESMExports();
process.on('exit', () => console.log(calls));
