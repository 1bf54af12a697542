import { Kafka, logLevel, type KafkaConfig, type LogEntry, type RetryOptions, type SASLOptions } from 'kafkajs';
import { StasisError, isStasisError, messageOf } from '@stasis/errors';
import { isCertificateRefused, isLoginRefused } from './errorKinds.ts';

export interface KafkaBusOptions {
  readonly brokers: readonly string[];
  readonly clientId?: string;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: SASLOptions;
  /** Default 2 minutes. */
  readonly publishTimeoutMs?: number;
  /** How long `subscribe` waits for the broker. Default 2 minutes. */
  readonly subscribeTimeoutMs?: number;
  /** Milliseconds after which the broker counts a silent member of a group out. Default 6 s, the broker's lower limit. */
  readonly sessionTimeoutMs?: number;
  /** Told each warning and error of the client. Default: nobody. */
  readonly onLog?: (level: 'warn' | 'error', message: string, detail: Readonly<Record<string, unknown>>) => void;
}

/** Held against a real broker that was killed and started again. */
const retry: RetryOptions = { retries: 20, initialRetryTime: 100, maxRetryTime: 1000 };

/** Gives up after about 3 s, and is started again: a start cannot be stopped, so a stop waits that long at most. */
export const consumerPatience: RetryOptions = { ...retry, retries: 5 };

/** A client that waits no longer than this before it says so; each try pauses for up to a second. */
export const retryFor = (timeoutMs: number): RetryOptions => ({
  ...retry,
  retries: Math.min(20, Math.max(1, Math.floor(timeoutMs / 1000))),
});

/** kafkajs ties the patience of a connection to the client, so each user of another patience has its own. */
export const createClient = (options: KafkaBusOptions, patience: RetryOptions): Kafka => {
  const report = createReporter(options);
  return new Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId ?? 'stasis',
    connectionTimeout: 3000,
    retry: patience,
    logLevel: logLevel.WARN,
    logCreator: () => report,
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl }),
  });
};

/** An outage would log several lines a second: the same line is passed on once in this time. */
const repeatAfterMs = 10_000;

const createReporter = (options: KafkaBusOptions) => {
  const reported = new Map<string, number>();
  return ({ level, namespace, log }: LogEntry): void => {
    if (options.onLog === undefined || level > logLevel.WARN || level === logLevel.NOTHING) return;
    const { message, timestamp: _timestamp, ...detail } = log;
    // The producer is replaced when it gives up (kafkaProducer.ts), so its retries may be limited.
    if (message.startsWith('Limiting retries for the idempotent producer')) return;
    const line = `kafkajs ${namespace}: ${message}`;
    const now = Date.now();
    if (now - (reported.get(line) ?? 0) < repeatAfterMs) return;
    if (reported.size > 100) reported.clear();
    reported.set(line, now);
    options.onLog(level === logLevel.WARN ? 'warn' : 'error', line, detail);
  };
};

export const unavailable = (options: KafkaBusOptions, error: unknown): StasisError => {
  if (isStasisError(error)) return error;
  const { what, next } = diagnosis(options, error);
  const line = `Kafka at ${options.brokers.join(',')} ${what}: ${messageOf(error).replace(/\.$/, '')}.`;
  return new StasisError('BusUnavailable', line, { cause: error, next });
};

const diagnosis = (options: KafkaBusOptions, error: unknown): { what: string; next: string } => {
  if (isLoginRefused(error))
    return {
      what: `does not let the user "${usernameOf(options.sasl)}" in`,
      next: 'Check KAFKA_SASL_MECHANISM, KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.',
    };
  if (isCertificateRefused(error))
    return {
      what: 'shows a certificate that is not trusted here',
      next: 'Set KAFKA_SSL_CA to the PEM file of the authority that signed it, and name the brokers as it does.',
    };
  return {
    what: 'does not answer',
    next: 'Check KAFKA_BROKERS, the TLS and SASL settings, and that the broker runs.',
  };
};

const usernameOf = (sasl: SASLOptions | undefined): string =>
  sasl !== undefined && 'username' in sasl ? sasl.username : '';
