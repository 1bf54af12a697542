import { kafkaIsAvailable, startKafka } from '@stasis/testing';
import { describe } from 'vitest';
import { testOutage } from '../contract/outage.ts';
import { busWorld } from '../contract/world.ts';
import { createKafkaBus } from './index.ts';

const missing = process.env['CI'] !== 'true' && !(await kafkaIsAvailable());

// A file of its own, so that the minute passes beside the other tests.
describe.skipIf(missing)('Kafka bus, a broker that is gone for 60 s (its jars: tools/kafka/pom.xml)', () => {
  const world = busWorld(async () => {
    const kafka = await startKafka({ own: true });
    return {
      open: (options) => createKafkaBus({ brokers: kafka.brokers, ...options }),
      goDown: kafka.kill,
      comeBack: kafka.restart,
      stop: kafka.stop,
    };
  });
  testOutage(world, 60_000);
});
