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
  /** The listener with TLS and SASL; empty unless asked for. */
  readonly secureBrokers: string[];
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
  /** Adds a listener with TLS and SASL (PLAIN, SCRAM-SHA-512), and the one user it lets in. Implies a broker of one's own. */
  readonly secure?: SecureListener;
}

export interface SecureListener {
  /** PEM: the private key (PKCS 8) and the certificate of 127.0.0.1, one after the other. */
  readonly keyAndCertificate: string;
  readonly username: string;
  readonly password: string;
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
  if (shared !== undefined && options.own !== true && options.secure === undefined) {
    const refuse = async (): Promise<void> => {
      throw new Error('a shared Kafka is not for killing; start one with { own: true }');
    };
    return { brokers: shared.split(','), secureBrokers: [], stop: async () => {}, kill: refuse, restart: refuse };
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
  let securePort = 0;
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
    ...(options.secure === undefined ? [] : ['--add-scram', scramUser(options.secure)]),
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
    const plain = properties(port, await freePort(), path.join(directory, 'data'));
    const { secure } = options;
    if (secure !== undefined) {
      securePort = await freePort();
      await writeFile(path.join(directory, 'server.pem'), secure.keyAndCertificate, { mode: 0o600 });
    }
    const added = secure === undefined ? {} : secureProperties(secure, plain, securePort, directory);
    await writeFile(propertiesFile, linesOf({ ...plain, ...added }));
    await start();
  } catch (error) {
    await stop();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    brokers: [broker],
    secureBrokers: securePort === 0 ? [] : [`127.0.0.1:${securePort}`],
    stop,
    kill: async () => {
      const pid = guards.at(-1)?.pid;
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
    },
    restart: start,
  };
};

type Properties = Readonly<Record<string, string | number | boolean>>;

const linesOf = (all: Properties): string =>
  Object.entries(all)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

const properties = (port: number, controllerPort: number, data: string): Properties => ({
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
});

const scramUser = ({ username, password }: SecureListener): string =>
  `SCRAM-SHA-512=[name=${username},password=${password}]`;

/** https://kafka.apache.org/documentation/#security: PEM key stores (KIP-651), SASL per listener and mechanism. */
const secureProperties = (secure: SecureListener, plain: Properties, port: number, directory: string): Properties => ({
  'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
  listeners: `${plain['listeners']},SECURE://127.0.0.1:${port}`,
  'advertised.listeners': `${plain['advertised.listeners']},SECURE://127.0.0.1:${port}`,
  'ssl.keystore.type': 'PEM',
  'ssl.keystore.location': path.join(directory, 'server.pem'),
  'listener.name.secure.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
  'listener.name.secure.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required user_${secure.username}="${secure.password}";`,
  'listener.name.secure.scram-sha-512.sasl.jaas.config':
    'org.apache.kafka.common.security.scram.ScramLoginModule required;',
});

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
