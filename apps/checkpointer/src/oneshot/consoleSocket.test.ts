import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  counter,
  distributionRunsc,
  isDistributionRequired,
  isRequired,
  lastCount,
  newestRunsc,
  openSandboxes,
  runProgram,
  type Sandboxes,
  testSpec,
} from '@stasis/runtime/test-kit';

const program = resolve(import.meta.dirname, '../../bin/checkpointer.mjs');

/** Takes the terminal that runsc sends over the socket (SCM_RIGHTS), as an engine does, and prints what comes out. */
const terminalHolder = `
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(1)
connection, _ = listener.accept()
_, (terminal,), _, _ = socket.recv_fds(connection, 64, 1)
try:
    while data := os.read(terminal, 4096):
        os.write(1, data)
except OSError:
    pass
`;

let boxes: Sandboxes | undefined;
let holder: ChildProcess | undefined;
afterEach(async () => {
  await boxes?.close();
  holder?.kill('SIGKILL');
});

const waitFor = async (what: () => boolean): Promise<void> => {
  for (const deadline = performance.now() + 20_000; !what(); await sleep(20))
    if (performance.now() > deadline) throw new Error(`waited 20 s for ${what.toString()}`);
};

/** Starts a counting container on a terminal of its own. @returns the file with what it wrote there. */
async function startOnTerminal(
  binary: string,
): Promise<{ screen: string; run: (image: string) => ReturnType<typeof runProgram> }> {
  const opened = (boxes = await openSandboxes(binary));
  const { directory, runtime } = opened;
  const [socket, screen] = [join(directory, 'console.sock'), join(directory, 'screen')];
  const out = openSync(screen, 'a');
  holder = spawn('python3', ['-c', terminalHolder, socket], { stdio: ['ignore', out, 'inherit'] });
  closeSync(out);
  await waitFor(() => existsSync(socket));
  const spec = testSpec(counter);
  const bundle = opened.bundle('bundle-c1', { ...spec, process: { ...spec.process, terminal: true } });
  for (const words of [
    ['create', '--bundle', bundle, '--console-socket', socket, 'c1'],
    ['start', 'c1'],
  ]) {
    const [verb = '', ...rest] = words;
    const [file, argv] = runtime.command(verb, ...rest);
    execFileSync(file, argv, { stdio: 'ignore' });
  }
  await waitFor(() => lastCount(screen) > 2);
  const run = (image: string) =>
    runProgram(program, [
      ...['--root', runtime.root, '--runsc', binary],
      ...['checkpoint', '--leave-running', '--image-path', image, 'c1'],
    ]);
  return { screen, run };
}

describe('a container on a terminal of an engine', { timeout: 60_000 }, () => {
  const newest = newestRunsc();
  it.skipIf(newest === undefined && !isRequired)('goes on where it was, on the same terminal', async () => {
    const { screen, run } = await startOnTerminal(newest?.binary ?? 'runsc');
    const { code, stderr } = await run(join(boxes!.directory, 'image')).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const after = lastCount(screen);
    await waitFor(() => lastCount(screen) > after + 2);
  });

  const old = distributionRunsc();
  it.skipIf(old === undefined && !isDistributionRequired())(
    'is told, where the runtime ends what it captures, that its terminal cannot come back',
    async () => {
      const { run } = await startOnTerminal(old?.binary ?? '/usr/bin/runsc');
      const { runtime, directory } = boxes!;
      const first = await runtime.load('c1');
      const command = run(join(directory, 'image'));
      const isBack = async () =>
        (await runtime.list()).some((one) => one.status === 'running' && one.run !== first.run);
      await expect.poll(isBack, { timeout: 30_000 }).toBe(true);
      await sleep(500);
      await runtime.kill('c1');
      const { code, stderr } = await command.ended;
      expect(code).toBe(137);
      // What runsc says of the kill itself may follow.
      expect(stderr.split('\n')[0]).toBe('warning: ignoring console socket since it cannot be restored');
    },
  );
});
