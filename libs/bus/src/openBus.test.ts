import { expect, test } from 'vitest';
import { openBus, type BusConfig } from './openBus.ts';

test.each<[string, BusConfig]>([
  ['kafka', { KAFKA_BROKERS: 'a:9092, b:9092' }],
  ['kafka', { KAFKA_BROKERS: 'a:9092', DATABASE_URL: 'postgresql://u:p@h:5432/d' }],
  ['kafka', { KAFKA_BROKERS: '[::1]:9092', KAFKA_SSL: 'true', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' }],
  ['postgres', { DATABASE_URL: 'postgresql://u:p@h:5432/d' }],
  ['postgres', { STASIS_BUS: 'postgres', KAFKA_BROKERS: 'a:9092', DATABASE_URL: 'postgresql://u:p@h:5432/d' }],
  ['memory', { STASIS_BUS: 'memory' }],
])('opens the %s bus for %o', async (kind, config) => {
  const bus = await openBus(config);
  expect(bus.kind).toBe(kind);
  await bus.close();
});

const brokers = { KAFKA_BROKERS: 'a:9092' };
test.each<[BusConfig, RegExp]>([
  [{}, /DATABASE_URL is not set/],
  [{ DATABASE_URL: 'nonsense' }, /DATABASE_URL is not a URL/],
  [{ STASIS_BUS: 'kafka' }, /KAFKA_BROKERS is not set/],
  [{ STASIS_BUS: 'rabbit' }, /STASIS_BUS is "rabbit"/],
  [{ KAFKA_BROKERS: 'http://a:9092' }, /"http:\/\/a:9092", which is not host:port/],
  [{ KAFKA_BROKERS: 'a' }, /"a", which is not host:port/],
  [{ ...brokers, KAFKA_SSL: 'maybe' }, /KAFKA_SSL is "maybe"/],
  [{ ...brokers, KAFKA_SSL: 'false', KAFKA_SSL_CA: 'ca.pem' }, /KAFKA_SSL is false but/],
  [{ ...brokers, KAFKA_SSL_CERT: 'c.pem' }, /Only one of KAFKA_SSL_CERT and KAFKA_SSL_KEY/],
  [{ ...brokers, KAFKA_SSL_CA: 'no-such-file.pem' }, /KAFKA_SSL_CA names no-such-file.pem/],
  [{ ...brokers, KAFKA_SESSION_TIMEOUT_MS: '3 s' }, /KAFKA_SESSION_TIMEOUT_MS is "3 s"/],
  [{ ...brokers, KAFKA_SASL_USERNAME: 'u' }, /SASL needs both/],
  [
    { ...brokers, KAFKA_SASL_MECHANISM: 'gssapi', KAFKA_SASL_USERNAME: 'u', KAFKA_SASL_PASSWORD: 'p' },
    /KAFKA_SASL_MECHANISM is "gssapi"/,
  ],
])('refuses %o with a line that names the setting', async (config, message) => {
  await expect(openBus(config)).rejects.toMatchObject({
    code: 'ConfigInvalid',
    message: expect.stringMatching(message) as unknown,
  });
});
