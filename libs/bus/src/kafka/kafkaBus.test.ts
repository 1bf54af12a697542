import { kafkaIsAvailable, startKafka } from '@stasis/testing';
import { testBus } from '../contract/index.ts';
import { crashWhileConsuming } from '../crashWhileConsuming.ts';
import { createKafkaBus } from './index.ts';

const mustRun = process.env['CI'] === 'true';

testBus(
  'Kafka bus',
  async () => {
    const kafka = await startKafka({ own: true });
    return {
      open: (options) => createKafkaBus({ brokers: kafka.brokers, ...options }),
      goDown: kafka.kill,
      comeBack: kafka.restart,
      crashWhileConsuming: (topic, group) =>
        crashWhileConsuming({ STASIS_BUS: 'kafka', KAFKA_BROKERS: kafka.brokers.join(',') }, topic, group),
      stop: kafka.stop,
    };
  },
  mustRun || (await kafkaIsAvailable()) ? undefined : 'its jars are missing (tools/kafka/pom.xml)',
);
