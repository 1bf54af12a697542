#!/usr/bin/env node
import { openBus, topicSpecs } from '@stasis/bus';
import { isStasisError, messageOf } from '@stasis/errors';
import { createLog } from './http/createLog.ts';
import { readSettings } from './settings.ts';
import { type RunningApi, startApi } from './startApi.ts';

const parentLookMs = 200;
const patienceMs = 10_000;

/** Starts the api from the environment and runs until SIGINT, SIGTERM or, supervised, the end of its parent. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const topics = topicSpecs(process.env);
  const log = createLog(settings.logLevel);
  const bus = await openBus(process.env, { clientId: 'stasis-api' });
  let api: RunningApi;
  try {
    api = await startApi({
      settings,
      bus,
      topics,
      log,
      announceToken: (secret, file) => process.stdout.write(`admin token (kept in ${file}): ${secret}\n`),
    });
  } catch (error) {
    await bus.close();
    throw error;
  }
  if (settings.insecureListen)
    log.warn({ url: api.url }, 'STASIS_INSECURE_LISTEN: tokens cross the network in the clear');
  log.info({ url: api.url, bus: bus.kind }, 'the api listens');
  endOnSignals(async () => {
    await api.close();
    await bus.close();
  });
}

function endOnSignals(close: () => Promise<void>): void {
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    // A broker or a database that is away must not keep us: what was not finished is taken up at the next start.
    setTimeout(() => fail(new Error(`it did not end within ${patienceMs} ms and was cut off`)), patienceMs).unref();
    close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  const parent = process.ppid;
  if (process.env['STASIS_SUPERVISED'] === '1')
    setInterval(() => {
      if (process.ppid !== parent) end();
    }, parentLookMs).unref();
}

/** One line: what is wrong, and what to do about it. */
function fail(error: unknown): never {
  const next = isStasisError(error) && error.next !== undefined ? ` ${error.next}` : '';
  const what = messageOf(error).trim().replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  process.stderr.write(`stasis api: ${what}.${next}\n`);
  process.exit(isStasisError(error) && error.code === 'ConfigInvalid' ? 2 : 1);
}

main().catch(fail);
