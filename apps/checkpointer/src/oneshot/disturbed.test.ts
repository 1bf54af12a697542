import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyImage } from '@stasis/image';
import {
  distributionRunsc,
  heavyCounter,
  isDistributionRequired,
  isRequired,
  lastCount,
  newestRunsc,
  openSandboxes,
  runProgram,
  type Sandboxes,
} from '@stasis/runtime/test-kit';

const program = resolve(import.meta.dirname, '../../bin/checkpointer.mjs');
const found = newestRunsc();
const older = distributionRunsc();

/** In place of runsc: passes every call on, but kills the client of a capture 20 ms after it began. */
const clientKiller = (binary: string) => `#!/bin/sh
case " $* " in *" checkpoint --image-path "*)
  "${binary}" "$@" & client=$!
  sleep 0.02
  kill -9 $client
  kill -9 $$ ;;
esac
exec "${binary}" "$@"
`;

/** Captures, then cuts the last byte off one file, and claims success all the same. */
const cutter = (binary: string, file: string) => `#!/bin/sh
case " $* " in *" checkpoint --image-path "*)
  "${binary}" "$@" || exit $?
  for word in "$@"; do case "$word" in */.attempt-*) truncate -s -1 "$word/${file}" ;; esac; done
  exit 0 ;;
esac
exec "${binary}" "$@"
`;

describe.skipIf(found === undefined && !isRequired)('a checkpoint that is disturbed', { timeout: 60_000 }, () => {
  let boxes: Sandboxes;
  let image: string;

  beforeEach(async () => {
    boxes = await openSandboxes(found?.binary ?? 'runsc');
    image = join(boxes.directory, 'image');
    mkdirSync(image);
    await boxes.start('c1', heavyCounter(96));
    await boxes.countAbove(0);
  });
  afterEach(() => boxes.close());

  const begin = (words: readonly string[], runsc = found?.binary ?? 'runsc') =>
    runProgram(program, [
      '--root',
      boxes.runtime.root,
      '--runsc',
      runsc,
      'checkpoint',
      '--image-path',
      image,
      ...words,
    ]);
  const goesOn = async () => {
    expect((await boxes.runtime.load('c1')).status).toBe('running');
    await boxes.countAbove(lastCount(boxes.logFile));
  };
  /** Once the runtime has begun to write. */
  const captureBegins = async (): Promise<void> => {
    const writing = () =>
      readdirSync(image).some(
        (name) => name.startsWith('.attempt-') && existsSync(join(image, name, 'checkpoint.img')),
      );
    for (const deadline = performance.now() + 10_000; !writing(); await sleep(1))
      if (performance.now() > deadline) throw new Error('no capture began');
  };

  it.each([
    ['SIGINT', []],
    ['SIGTERM', []],
    ['SIGTERM', ['--leave-running']],
  ] as const)(
    'by %s with %j: the container goes on, nothing is left, and the next one succeeds',
    async (signal, words) => {
      const command = begin([...words, 'c1']);
      await captureBegins();
      process.kill(command.pid, signal);
      const { code, stderr } = await command.ended;
      expect(code).toBe(128);
      expect(stderr).toContain(`interrupted by ${signal}; container "c1" is running`);
      expect(readdirSync(image)).toEqual([]);
      await goesOn();
      expect((await begin([...words, 'c1']).ended).code).toBe(0);
      await verifyImage(image);
    },
  );

  it.each(['checkpoint.img', 'pages.img', 'pages_meta.img'])(
    'by a %s that is cut though runsc says 0',
    async (file) => {
      const runsc = join(boxes.directory, 'runsc');
      writeFileSync(runsc, cutter(found?.binary ?? 'runsc', file));
      chmodSync(runsc, 0o755);
      const { code, stderr } = await begin(['c1'], runsc).ended;
      expect(code).toBe(128);
      expect(stderr).toContain('ImageIncomplete');
      expect(stderr).toContain(file);
      expect(readdirSync(image)).toEqual([]);
      await goesOn();
    },
  );

  it('by its own SIGKILL: the next one resumes the container, clears up and succeeds', async () => {
    const command = begin(['c1']);
    await captureBegins();
    process.kill(command.pid, 'SIGKILL');
    await command.ended;
    expect((await boxes.runtime.load('c1')).status).toBe('paused');
    const { code, stderr } = await begin(['--leave-running', 'c1']).ended;
    expect(stderr).toMatch(/^warning: a command that was killed had left "c1" paused/u);
    expect(code).toBe(0);
    expect(readdirSync(image).filter((name) => name.startsWith('.'))).toEqual([]);
    await verifyImage(image);
    await goesOn();
  });

  it.each([[[]], [['--leave-running']]])('by the death of the runtime’s client, with %j: likewise', async (words) => {
    const runsc = join(boxes.directory, 'runsc');
    writeFileSync(runsc, clientKiller(found?.binary ?? 'runsc'));
    chmodSync(runsc, 0o755);
    const { code, stderr } = await begin([...words, 'c1'], runsc).ended;
    expect(code).toBe(128);
    expect(stderr).toContain('RuntimeFailed');
    expect(stderr).toContain('container "c1" is running');
    expect(readdirSync(image)).toEqual([]);
    await goesOn();
    expect((await begin([...words, 'c1']).ended).code).toBe(0);
    await verifyImage(image);
  });
});

describe.skipIf(older === undefined && !isDistributionRequired())(
  'with a runsc that cannot resume in place',
  { timeout: 60_000 },
  () => {
    let boxes: Sandboxes;
    beforeEach(async () => {
      boxes = await openSandboxes(older?.binary ?? 'runsc');
      await boxes.start('c1');
      await boxes.countAbove(1);
    });
    afterEach(() => boxes.close());

    it('restores the container in its place, waits for it and passes its exit status on', async () => {
      const image = join(boxes.directory, 'image');
      const words = ['--root', boxes.runtime.root, '--runsc', older?.binary ?? 'runsc', 'checkpoint'];
      const command = runProgram(program, [...words, '--leave-running', '--image-path', image, 'c1']);
      const first = await boxes.runtime.load('c1');
      await expect
        .poll(
          async () => (await boxes.runtime.list()).filter((one) => one.status === 'running' && one.run !== first.run),
          {
            timeout: 15_000,
          },
        )
        .toHaveLength(1);
      await verifyImage(image);
      await sleep(500);
      await boxes.runtime.kill('c1');
      const { code, stdout } = await command.ended;
      expect(code).toBe(137);
      expect(Number(/"count":(\d+)/u.exec(stdout)?.[1])).toBeGreaterThan(1);
    });
  },
);
