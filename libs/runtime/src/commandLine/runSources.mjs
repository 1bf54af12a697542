// What a bin of the one-shot commands does: plain JavaScript, since an old Node has to read it.
import { spawn } from 'node:child_process';
import module from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Runs a command's `main` (URL of a TypeScript file) in this process, or, where this Node cannot read TypeScript, starts
 * the calling `bin` (URL) again under the Node that is installed with the workspace and passes its exit status on.
 */
export async function runSources(main, bin) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 22 || (major === 22 && minor < 18)) return runUnderInstalledNode(bin);
  // Kept beside the packages: the types are stripped and the code is compiled once, not at every start.
  module.enableCompileCache(fileURLToPath(new URL('../../../../node_modules/.cache/stasis-compile', import.meta.url)));
  await import(main.href);
}

function runUnderInstalledNode(bin) {
  const newer = join(dirname(fileURLToPath(import.meta.resolve('node/package.json'))), 'bin', 'node');
  const child = spawn(newer, [fileURLToPath(bin), ...process.argv.slice(2)], { stdio: 'inherit' });
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
