#!/usr/bin/env node
// Starts the fleet client on a Node that runs TypeScript unbuilt: this one if it can, else the one that npm installed.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const runsTypeScript = major > 22 || (major === 22 && minor >= 18);
const here = path.dirname(fileURLToPath(import.meta.url));

if (runsTypeScript) {
  await import('../src/main.ts');
} else {
  const node = path.join(path.dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin/node');
  const preload = path.join(here, '../src/up/endWithParent.ts');
  const args = ['--import', preload, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(node, args, { stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself; a signal sent to this process alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`error: ConfigInvalid: ${node} does not start: ${error.message}\nnext: run npm ci\n`);
    process.exitCode = 2;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1);
  });
}
