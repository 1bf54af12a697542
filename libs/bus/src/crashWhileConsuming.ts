/** For tests: consumes in a process of its own, which dies by SIGKILL while it handles its second batch of 5. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { openBus, type BusConfig } from './openBus.ts';

/** @throws Error unless the process ended by SIGKILL, in its second batch */
export const crashWhileConsuming = async (config: BusConfig, topic: string, group: string): Promise<void> => {
  const { STASIS_BUS: _bus, KAFKA_BROKERS: _brokers, DATABASE_URL: _url, ...env } = process.env;
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(import.meta.url), topic, group], {
    env: { ...env, ...config },
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 30_000,
    killSignal: 'SIGTERM',
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal !== 'SIGKILL') throw new Error(`the crashing consumer ended otherwise: ${signal}`);
};

if (import.meta.main) {
  const [topic = '', group = ''] = process.argv.slice(2);
  const bus = await openBus(process.env);
  let batches = 0;
  await bus.subscribe({
    topic,
    group,
    batchSize: 5,
    onBatch: async () => {
      batches += 1;
      if (batches < 2) return;
      // Time for the first batch's acknowledgement, which Kafka's adapter sends while the next batch runs.
      await new Promise((resolve) => setTimeout(resolve, 300));
      process.kill(process.pid, 'SIGKILL');
    },
  });
}
