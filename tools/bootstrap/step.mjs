import { spawn } from 'node:child_process';

/** Words go to stderr: stdout belongs to the command that the set-up is for. */
export const say = (line) => process.stderr.write(`set-up: ${line}\n`);

/** Runs one step and says what it did and how long it took. `work` may return a word to add. */
export const timed = async (what, work) => {
  const start = performance.now();
  say(`${what} …`);
  const added = await work();
  say(`${what}: ${added ?? 'done'} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
};

/** A step that could not be done: `message` is one line that says what to install or set. */
export class SetUpError extends Error {}

/**
 * Runs a program without a shell. Its output is kept and shown only when it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<{code: number, output: string}>} code 127 when the program is not there.
 */
export const run = (command, args, options = {}) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', (error) => resolve({ code: 127, output: error.message }));
    child.on('close', (code, signal) => resolve({ code: code ?? 1, output: signal ? `${output}\n${signal}` : output }));
  });

/** The last lines of a failed program, enough to see why. */
export const tail = (output, lines = 12) => output.trim().split('\n').slice(-lines).join('\n');
