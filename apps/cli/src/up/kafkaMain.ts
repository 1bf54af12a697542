// The process that `stasis up` keeps for the local broker (KRaft, one node): its directory and its two ports.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { classArchive } from './classArchive.ts';
import { holdAdopted, holdProgram } from './holdProgram.ts';
import { brokerOf } from './kafkaProgram.ts';
import { kafkaJars } from './places.ts';

const [directory = '', port = '', controllerPort = ''] = process.argv.slice(2);
const properties = path.join(directory, 'server.properties');
const data = path.join(directory, 'data');

/**
 * The short session of the broker lets one that was killed come back in 5 s instead of 12 s; the short one that groups
 * may have (KAFKA_SESSION_TIMEOUT_MS) does the same for a consumer that was killed.
 */
const settings = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
  listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
  'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
  'controller.listener.names': 'CONTROLLER',
  'log.dirs': data,
  'offsets.topic.replication.factor': '1',
  'offsets.topic.num.partitions': '8',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'transaction.state.log.num.partitions': '8',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'num.partitions': '4',
  'auto.create.topics.enable': 'false',
  'broker.session.timeout.ms': '3000',
  'broker.heartbeat.interval.ms': '500',
};

const clusterId = (): string => {
  const file = path.join(directory, 'cluster.id');
  // A leading minus would be read as an option by the format tool.
  if (!existsSync(file)) writeFileSync(file, randomBytes(16).toString('base64url').replace(/^-/, 'a'));
  return readFileSync(file, 'utf8');
};

const main = async (): Promise<void> => {
  const left = brokerOf(properties);
  if (left !== undefined) await holdAdopted(left, 'SIGTERM');
  mkdirSync(directory, { recursive: true });
  const lines = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(properties, lines.join(''));
  const classpath = ['-cp', path.join(kafkaJars(), '*')];
  if (!existsSync(path.join(data, 'meta.properties'))) {
    const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId(), '-c', properties];
    await promisify(execFile)('java', ['-XX:TieredStopAtLevel=1', ...classpath, ...format]);
  }
  const heap = ['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:+ExitOnOutOfMemoryError'];
  const archive = classArchive();
  process.once('exit', () => archive.keep());
  const args = [...heap, ...archive.flags, ...classpath, 'kafka.Kafka', properties];
  holdProgram({ command: 'java', args, stopSignal: 'SIGTERM' });
};

await main();
