import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { kafkaIsAvailable, startKafka, type TestKafka } from '@stasis/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openBus, type BusConfig } from '../openBus.ts';
import type { Bus } from '../port.ts';

const missing = process.env['CI'] !== 'true' && !(await kafkaIsAvailable());
const password = 'correct-horse';

describe.skipIf(missing)('Kafka with TLS and SASL (its jars: tools/kafka/pom.xml)', () => {
  let directory: string;
  let kafka: TestKafka | undefined;
  let bus: Bus | undefined;
  const file = (name: string): string => path.join(directory, name);

  beforeAll(async () => {
    directory = mkdtempSync(path.join(tmpdir(), 'stasis-secure-kafka-'));
    makeAuthority('ca');
    makeAuthority('stranger');
    const keyAndCertificate = certificateOfBroker();
    kafka = await startKafka({ secure: { keyAndCertificate, username: 'stasis', password } });
  });
  afterEach(async () => {
    await bus?.close();
    bus = undefined;
  });
  afterAll(async () => {
    await kafka?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const makeAuthority = (name: string): void =>
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.pem`,
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
  const certificateOfBroker = (): string => {
    writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1\n');
    openssl('req', ...newKey, '-keyout', 'broker.key', '-out', 'broker.csr', '-subj', '/CN=broker');
    const authority = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    openssl('x509', '-req', '-in', 'broker.csr', ...authority, '-days', '2', '-extfile', 'names', '-out', 'broker.pem');
    return readFileSync(file('broker.key'), 'utf8') + readFileSync(file('broker.pem'), 'utf8');
  };

  const open = async (config: BusConfig = {}): Promise<Bus> => {
    bus = await openBus({
      KAFKA_BROKERS: kafka?.secureBrokers.join(','),
      KAFKA_SSL_CA: file('ca.pem'),
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: 'stasis',
      KAFKA_SASL_PASSWORD: password,
      ...config,
    });
    return bus;
  };

  test.each(['plain', 'scram-sha-512'])('publishes and consumes as a user that logs in with %s', async (mechanism) => {
    const opened = await open({ KAFKA_SASL_MECHANISM: mechanism });
    const topic = `test.${randomUUID()}`;
    await opened.ensureTopics([{ topic, partitions: 2 }]);
    const got: string[] = [];
    await opened.subscribe({
      topic,
      group: randomUUID(),
      onBatch: async (messages) => void got.push(...messages.map(({ key }) => key)),
    });
    await opened.publish([{ topic, key: 'web-1', headers: {}, value: Uint8Array.of(1) }]);
    await expect.poll(() => got).toEqual(['web-1']);
    expect(await opened.version()).toMatch(/^Kafka \d+\.\d+$/);
  });

  test.each<[string, () => BusConfig, RegExp, RegExp]>([
    [
      'an authority that did not sign the broker',
      () => ({ KAFKA_SSL_CA: file('stranger.pem') }),
      /^Kafka at 127\.0\.0\.1:\d+ shows a certificate that is not trusted here: .+\.$/,
      /KAFKA_SSL_CA/,
    ],
    [
      'a wrong password over SCRAM',
      () => ({ KAFKA_SASL_PASSWORD: 'wrong' }),
      /^Kafka at 127\.0\.0\.1:\d+ does not let the user "stasis" in: .+\.$/,
      /KAFKA_SASL_PASSWORD/,
    ],
    [
      'a wrong password over PLAIN',
      () => ({ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD: 'wrong' }),
      /^Kafka at 127\.0\.0\.1:\d+ does not let the user "stasis" in: .+\.$/,
      /KAFKA_SASL_PASSWORD/,
    ],
  ])(
    'says in one line what is wrong with %s, and does not try on in silence',
    async (_, config, message, next) => {
      const opened = await open(config());
      const value = new Uint8Array();
      for (const attempt of [
        () => opened.ensureTopics([{ topic: 'test.never', partitions: 1 }]),
        () => opened.ping(),
        () => opened.subscribe({ topic: 'test.never', group: 'g', onBatch: async () => {} }),
        () => opened.publish([{ topic: 'test.never', key: 'k', headers: {}, value }]),
      ]) {
        const began = performance.now();
        await expect(attempt()).rejects.toMatchObject({
          code: 'BusUnavailable',
          message: expect.stringMatching(message) as unknown,
          next: expect.stringMatching(next) as unknown,
        });
        // The patience of a publish with a broker that is away is two minutes.
        expect(performance.now() - began).toBeLessThan(30_000);
      }
    },
    120_000,
  );
});
