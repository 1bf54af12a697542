import { readFile } from 'node:fs/promises';
import type { KafkaBusOptions } from './kafka/settings.ts';
import { StasisError } from '@stasis/errors';
import type { Bus } from './port.ts';

/** The settings of the bus, named as in the environment, so that `process.env` is one. */
export interface BusConfig {
  /** `kafka` or `postgres` (or `memory`, within one process). Default: kafka if KAFKA_BROKERS is set, else postgres. */
  readonly STASIS_BUS?: string | undefined;
  /** host:port, separated by commas. */
  readonly KAFKA_BROKERS?: string | undefined;
  /** `true` for TLS; the files below imply it. */
  readonly KAFKA_SSL?: string | undefined;
  /** PEM files: the authority that signed the brokers, and the client's own certificate and key. */
  readonly KAFKA_SSL_CA?: string | undefined;
  readonly KAFKA_SSL_CERT?: string | undefined;
  readonly KAFKA_SSL_KEY?: string | undefined;
  /** `plain`, `scram-sha-256` or `scram-sha-512`. */
  readonly KAFKA_SASL_MECHANISM?: string | undefined;
  readonly KAFKA_SASL_USERNAME?: string | undefined;
  readonly KAFKA_SASL_PASSWORD?: string | undefined;
  /** Milliseconds until the broker gives a dead consumer's work to the next; at least its group.min.session.timeout.ms. */
  readonly KAFKA_SESSION_TIMEOUT_MS?: string | undefined;
  readonly DATABASE_URL?: string | undefined;
}

export interface OpenBusOptions {
  /** Shown by the broker, for example `stasis-api`. */
  readonly clientId?: string;
  readonly onLog?: NonNullable<KafkaBusOptions['onLog']>;
}

/**
 * The bus that the settings name. Opens no connection yet: the first call does.
 * @throws StasisError ConfigInvalid, naming the setting
 */
export const openBus = async (config: BusConfig, options: OpenBusOptions = {}): Promise<Bus> => {
  const { onLog } = options;
  const kind = config.STASIS_BUS || (config.KAFKA_BROKERS ? 'kafka' : 'postgres');
  if (kind === 'kafka') {
    const settings = await kafkaSettings(config);
    const { createKafkaBus } = await import('./kafka/index.ts');
    return createKafkaBus({
      ...settings,
      clientId: options.clientId ?? 'stasis',
      ...(onLog === undefined ? {} : { onLog }),
    });
  }
  if (kind === 'postgres') {
    if (!config.DATABASE_URL) {
      throw invalid('DATABASE_URL is not set, and the Postgres bus needs it.', 'Set DATABASE_URL, or KAFKA_BROKERS.');
    }
    if (!URL.canParse(config.DATABASE_URL)) {
      throw invalid('DATABASE_URL is not a URL.', 'Write it as postgresql://user:password@host:port/database.');
    }
    const { createPostgresBus } = await import('./postgres/index.ts');
    return createPostgresBus({
      connectionString: config.DATABASE_URL,
      ...(onLog === undefined
        ? {}
        : { onError: (error: unknown) => onLog('error', 'the Postgres bus failed', { error: String(error) }) }),
    });
  }
  if (kind === 'memory') {
    const { createMemoryBus } = await import('./memory/index.ts');
    return createMemoryBus();
  }
  throw invalid(`STASIS_BUS is "${kind}".`, 'Set it to kafka or postgres.');
};

const invalid = (message: string, next: string): StasisError => new StasisError('ConfigInvalid', message, { next });

const kafkaSettings = async (
  config: BusConfig,
): Promise<Pick<KafkaBusOptions, 'brokers' | 'ssl' | 'sasl' | 'sessionTimeoutMs'>> => {
  const brokers = (config.KAFKA_BROKERS ?? '')
    .split(',')
    .map((broker) => broker.trim())
    .filter(Boolean);
  if (brokers.length === 0) {
    throw invalid('STASIS_BUS is kafka but KAFKA_BROKERS is not set.', 'Set KAFKA_BROKERS to host:port[,host:port].');
  }
  const wrong = brokers.find((broker) => !/^[^\s:/]+:\d{1,5}$|^\[[^\]]+\]:\d{1,5}$/.test(broker));
  if (wrong !== undefined) throw invalid(`KAFKA_BROKERS holds "${wrong}", which is not host:port.`, 'Write host:port.');
  const ssl = await sslSettings(config);
  const sasl = saslSettings(config);
  const session = config.KAFKA_SESSION_TIMEOUT_MS;
  if (session && !/^[1-9]\d{3,5}$/.test(session)) {
    throw invalid(`KAFKA_SESSION_TIMEOUT_MS is "${session}".`, 'Set it to 1000 or more milliseconds, or leave it out.');
  }
  return {
    brokers,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    ...(session ? { sessionTimeoutMs: Number(session) } : {}),
  };
};

const sslSettings = async (config: BusConfig): Promise<KafkaBusOptions['ssl']> => {
  const { KAFKA_SSL: ssl, KAFKA_SSL_CA: ca, KAFKA_SSL_CERT: cert, KAFKA_SSL_KEY: key } = config;
  if (ssl && !['true', 'false', '1', '0'].includes(ssl))
    throw invalid(`KAFKA_SSL is "${ssl}".`, 'Set it to true or false.');
  const files = ca || cert || key;
  if (ssl === 'false' || ssl === '0') {
    if (files) throw invalid('KAFKA_SSL is false but a KAFKA_SSL_* file is set.', 'Unset one of them.');
    return undefined;
  }
  if (!ssl && !files) return undefined;
  if (Boolean(cert) !== Boolean(key)) {
    throw invalid('Only one of KAFKA_SSL_CERT and KAFKA_SSL_KEY is set.', 'Set both, or neither.');
  }
  if (!files) return true;
  return {
    ...(ca ? { ca: [await pem('KAFKA_SSL_CA', ca)] } : {}),
    ...(cert ? { cert: await pem('KAFKA_SSL_CERT', cert) } : {}),
    ...(key ? { key: await pem('KAFKA_SSL_KEY', key) } : {}),
  };
};

const pem = async (setting: string, file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new StasisError('ConfigInvalid', `${setting} names ${file}, which cannot be read.`, { cause: error });
  }
};

const saslSettings = (config: BusConfig): KafkaBusOptions['sasl'] => {
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = config;
  if (!mechanism && !username && !password) return undefined;
  if (!username || !password) {
    throw invalid(
      'SASL needs both KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.',
      'Set both, or no KAFKA_SASL_* at all.',
    );
  }
  const name = (mechanism ?? 'plain').toLowerCase();
  if (name !== 'plain' && name !== 'scram-sha-256' && name !== 'scram-sha-512') {
    throw invalid(`KAFKA_SASL_MECHANISM is "${mechanism}".`, 'Set it to plain, scram-sha-256 or scram-sha-512.');
  }
  // The union of kafkajs has one member per mechanism, so the name alone does not fit it.
  if (name === 'plain') return { mechanism: name, username, password };
  if (name === 'scram-sha-256') return { mechanism: name, username, password };
  return { mechanism: name, username, password };
};
