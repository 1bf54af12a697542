#!/usr/bin/env node
// Runs ../src/main.ts. An older Node than the sources need starts the Node that is installed with the workspace.
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = new URL('../src/main.ts', import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major > 22 || (major === 22 && minor >= 18)) {
  // Kept beside the packages: the types are stripped and the code is compiled once, not at every start.
  module.enableCompileCache(fileURLToPath(new URL('../../../node_modules/.cache/stasis-compile', import.meta.url)));
  await import(main.href);
} else {
  const { spawn } = await import('node:child_process');
  const { constants } = await import('node:os');
  const newer = join(dirname(fileURLToPath(import.meta.resolve('node/package.json'))), 'bin', 'node');
  const child = spawn(newer, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A signal to the group reaches the child by itself; one to us alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    process.stderr.write(`cannot run ${newer}: ${error.message}; run "npm ci" first\n`);
    process.exitCode = 128;
  });
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}
