import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processFacts } from '../process/procfs.ts';
import { createRunsc } from '../runsc/createRunsc.ts';
import { lastCount, testSpec } from './workload.ts';

/**
 * A program for the test of the driver without root, run as an ordinary user: `rootlessStory.ts DIRECTORY BINARY`. It
 * checkpoints, pauses, kills and restores, prints what it saw as one JSON document, and leaves nothing but the keeper's
 * note, whose pid it prints.
 */
const [directory = '', binary = ''] = process.argv.slice(2);
const keeperFile = join(directory, 'home', 'ns.pid');
const open = () => createRunsc({ binary, root: join(directory, 'root'), keeperFile });
const [runtime, second] = await Promise.all([open(), open()]);

const bundle = join(directory, 'bundle');
const logFile = join(directory, 'log');
mkdirSync(bundle);
writeFileSync(join(bundle, 'config.json'), JSON.stringify(testSpec()));
const capture = async (after: 'resume' | 'pause', name: string) => {
  const attemptDir = join(directory, name);
  mkdirSync(attemptDir);
  const request = { id: 'c1', attemptDir, after, compression: 'none', timeoutMs: 20_000 } as const;
  await (await runtime.beginCapture(request)).done();
  return attemptDir;
};
/** Until the log has a count above `floor`, or for five seconds. */
const countAbove = async (floor: number): Promise<boolean> => {
  for (let i = 0; i < 250 && lastCount(logFile) <= floor; i += 1) await new Promise((wake) => setTimeout(wake, 20));
  return lastCount(logFile) > floor;
};

const started = await runtime.start({ id: 'c1', bundle, logFile });
const seen: Record<string, unknown> = {
  user: process.getuid?.(),
  sameKeeper: runtime.command('list').join(' ') === second.command('list').join(' '),
  started: started.status,
  pidIsOfThisSide: processFacts(started.sandboxPid ?? 0) !== undefined,
  counts: await countAbove(1),
};
await capture('resume', 'first');
seen['afterResume'] = (await runtime.load('c1')).status;
const imageDir = await capture('pause', 'second');
seen['afterPause'] = (await runtime.load('c1')).status;
seen['settled'] = await second.settleCapture({ id: 'c1', attemptDir: imageDir, timeoutMs: 10_000 });
const held = lastCount(logFile);
await runtime.kill('c1');
seen['afterKill'] = (await runtime.load('c1')).status;
await runtime.delete('c1');
await runtime.restore({ id: 'c1', bundle, imageDir, logFile, background: false, timeoutMs: 20_000 });
seen['goesOn'] = await countAbove(held);
await runtime.delete('c1');
seen['left'] = (await runtime.list()).length;
seen['keeper'] = Number(readFileSync(keeperFile, 'utf8').split(' ')[0]);
process.stdout.write(JSON.stringify(seen));
