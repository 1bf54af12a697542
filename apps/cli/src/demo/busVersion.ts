import { readdirSync } from 'node:fs';
import { openBus } from '@stasis/bus';
import pg from 'pg';
import { kafkaJars } from '../up/places.ts';
import type { Up } from '../up/index.ts';

/**
 * The version of what carries the events: our own broker's as its jar says it, another's as its protocol tells (major
 * and minor), or the database's as it says itself.
 */
export const busVersion = async ({ bus, databaseUrl }: Pick<Up, 'bus' | 'databaseUrl'>): Promise<string> => {
  if (bus === 'kafka') {
    if (process.env['KAFKA_BROKERS']) {
      const others = await openBus(process.env);
      try {
        return (await others.version()).replace(/^Kafka ?/, '') || 'unknown';
      } finally {
        await others.close();
      }
    }
    const jar = readdirSync(kafkaJars()).find((name) => name.startsWith('kafka_'));
    return /-(\d[\d.]*)\.jar$/.exec(jar ?? '')?.[1] ?? 'unknown';
  }
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ server_version: string }>('show server_version');
    return rows[0]?.server_version ?? 'unknown';
  } finally {
    await client.end();
  }
};
