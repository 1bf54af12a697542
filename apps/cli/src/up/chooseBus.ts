import { StasisError } from '@stasis/errors';
import { whyNoKafka } from './java.ts';

export type BusKind = 'kafka' | 'postgres';

export interface BusChoice {
  readonly bus: BusKind;
  /** Why this one, as a sentence to be printed. */
  readonly why: string;
  /** Brokers of somebody else's; without them a Kafka bus is a local broker. */
  readonly brokers?: string;
}

const install = 'Install Java 17 and Maven (apt-get install openjdk-17-jre-headless maven), or use the Postgres bus.';

/**
 * Kafka when it was asked for, when KAFKA_BROKERS names one or when a local one can run; else Postgres.
 *
 * @throws {StasisError} ConfigInvalid when Kafka was asked for and cannot be had, or the name is not a bus.
 */
export const chooseBus = async (asked: string | undefined = process.env['STASIS_BUS']): Promise<BusChoice> => {
  const brokers = process.env['KAFKA_BROKERS'];
  if (asked === 'postgres') return { bus: 'postgres', why: 'the Postgres bus was asked for' };
  if (asked !== undefined && asked !== '' && asked !== 'kafka')
    throw new StasisError('ConfigInvalid', `STASIS_BUS (--bus) is "${asked}".`, { next: 'Use kafka or postgres.' });
  if (brokers) return { bus: 'kafka', why: `KAFKA_BROKERS names ${brokers}`, brokers };
  const not = await whyNoKafka();
  if (asked === 'kafka') {
    if (not === undefined) return { bus: 'kafka', why: 'Kafka was asked for; a local broker runs' };
    throw new StasisError('ConfigInvalid', `Kafka was asked for, but ${not}.`, { next: install });
  }
  if (not === undefined) return { bus: 'kafka', why: 'Java 17 or later is here, so a local broker runs' };
  return { bus: 'postgres', why: `no Kafka, since ${not}` };
};
