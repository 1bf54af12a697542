// An api as apps/api/src/main.ts starts it, whose bus waits before it sends what the relay gives it: a signal that stops
// the process then mostly falls between the relay's look at its lease and the send, the one moment that counts.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, openBus, topics, topicSpecs } from '@stasis/bus';
import { createLog } from '../../apps/api/src/http/createLog.ts';
import { readSettings } from '../../apps/api/src/settings.ts';
import { startApi } from '../../apps/api/src/startApi.ts';

const waitMs = 25;

const bus = await openBus(process.env);
const slow: Bus = {
  ...bus,
  publish: async (messages) => {
    if (messages.some(({ topic }) => topic === topics.ledger)) await sleep(waitMs);
    await bus.publish(messages);
  },
};
const api = await startApi({
  settings: readSettings(process.env),
  bus: slow,
  topics: topicSpecs(),
  log: createLog('silent'),
  announceToken: () => {},
  leaseMs: 600,
});
process.stdout.write(`${api.url}\n`);
