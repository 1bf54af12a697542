import { readdir, readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { freePort } from './freePort.ts';
import { startGuarded, type Guarded } from './guard.ts';

const jarDirectory = path.resolve(import.meta.dirname, '../../../.stasis/kafka/lib');

export interface TestKafka {
  readonly brokers: string[];
  /** Ends the broker and removes its files. Idempotent; does nothing to a shared broker. */
  stop(): Promise<void>;
  /** kill -9. @throws on a shared broker */
  kill(): Promise<void>;
  /** Starts the killed broker on the same port and data; resolves when it answers (about 6 s). @throws on a shared broker */
  restart(): Promise<void>;
}

export interface StartKafkaOptions {
  /** A broker of one's own even when a shared one is named: for tests that kill it. */
  readonly own?: boolean;
}

/** Whether a broker can be had here: a shared one is named, or the jars were fetched (tools/kafka/pom.xml). */
export const kafkaIsAvailable = async (): Promise<boolean> =>
  process.env['STASIS_TEST_KAFKA_BROKERS'] !== undefined || (await hasJars());

const hasJars = async (): Promise<boolean> =>
  (await readdir(jarDirectory).catch(() => [])).some((name) => name.startsWith('kafka_'));

/**
 * A single-node Kafka (KRaft) on free ports with its files under the temp directory; it ends with this process. With
 * STASIS_TEST_KAFKA_BROKERS set, those brokers are used.
 */
export const startKafka = async (options: StartKafkaOptions = {}): Promise<TestKafka> => {
  const shared = process.env['STASIS_TEST_KAFKA_BROKERS'];
  if (shared !== undefined && options.own !== true) {
    const refuse = async (): Promise<void> => {
      throw new Error('a shared Kafka is not for killing; start one with { own: true }');
    };
    return { brokers: shared.split(','), stop: async () => {}, kill: refuse, restart: refuse };
  }
  if (!(await hasJars())) {
    throw new Error(
      'the Kafka jars are missing; fetch them with: mvn -q -B -f tools/kafka/pom.xml dependency:copy-dependencies -DoutputDirectory="$PWD/.stasis/kafka/lib" -DincludeScope=runtime',
    );
  }
  const directory = await mkdtemp(path.join(tmpdir(), 'stasis-test-kafka-'));
  const propertiesFile = path.join(directory, 'server.properties');
  const logFile = path.join(directory, 'log');
  const port = await freePort();
  const broker = `127.0.0.1:${port}`;
  const classPath = path.join(jarDirectory, '*');
  // Small heap and no second compiler: the fastest start on few cores.
  const jvm = [
    '-Xmx384m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-XX:+ExitOnOutOfMemoryError',
    '-cp',
    classPath,
  ];
  const formatArguments = [
    ...jvm,
    'kafka.tools.StorageTool',
    'format',
    '-t',
    'c3Rhc2lzLXRlc3RzLTAwMQ',
    '-c',
    propertiesFile,
  ];
  const guards: Guarded[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(guards.map((guard) => guard.end()));
  };
  const start = async (): Promise<void> => {
    guards.push(
      await startGuarded({
        ...(guards.length > 0 ? {} : { prepare: { command: 'java', args: formatArguments } }),
        command: 'java',
        args: [...jvm, 'kafka.Kafka', propertiesFile],
        directory,
        logFile,
        endSignal: 'SIGKILL',
      }),
    );
    await answers(broker, logFile);
  };
  try {
    await writeFile(propertiesFile, properties(port, await freePort(), path.join(directory, 'data')));
    await start();
  } catch (error) {
    await stop();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    brokers: [broker],
    stop,
    kill: async () => {
      const pid = guards.at(-1)?.pid;
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    },
    restart: start,
  };
};

const properties = (port: number, controllerPort: number, data: string): string =>
  Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': data,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
    'num.partitions': 4,
    'auto.create.topics.enable': false,
    // After a kill -9 the controller waits for the old session to end before it lets the broker in again.
    'broker.session.timeout.ms': 3000,
    'broker.heartbeat.interval.ms': 500,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

const answers = async (broker: string, logFile: string): Promise<void> => {
  const end = Date.now() + 60_000;
  const kafka = new Kafka({
    brokers: [broker],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
    connectionTimeout: 500,
  });
  for (;;) {
    const admin = kafka.admin();
    try {
      await admin.connect();
      await admin.listTopics();
      return;
    } catch (error) {
      if (Date.now() > end) {
        throw new Error(`Kafka did not come up in 60 s:\n${(await readFile(logFile, 'utf8')).slice(-2000)}`, {
          cause: error,
        });
      }
      await sleep(100);
    } finally {
      await admin.disconnect();
    }
  }
};
