import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPostgres, type TestPostgres } from '@stasis/testing';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createPostgresBus } from './index.ts';
import type { Bus } from '../port.ts';

let postgres: TestPostgres;
let connectionString: string;
let bus: Bus;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  connectionString = await postgres.createDatabase();
  bus = createPostgresBus({ connectionString });
  await bus.ensureTopics([{ topic: 't', partitions: 1, retentionMs: 1000 }]);
  return () => bus.close();
});

const connected = async (work: (client: pg.Client) => Promise<void>): Promise<void> => {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
};
const publish = (client: pg.Client, key: string, producer = randomUUID(), sequence = 1): Promise<unknown> =>
  client.query(`select stasis_bus.publish($1, $2, '{t}', '{0}', $3, '[{}]', '{00}')`, [producer, sequence, [key]]);
const stored = async (client: pg.Client): Promise<string[]> =>
  (
    await client.query<{ at: string }>(`select "offset" || key as at from stasis_bus.messages order by "offset"`)
  ).rows.map((row) => row.at);

test('does not skip the message of a slow transaction that began before a faster one', async () => {
  const got: string[] = [];
  await bus.subscribe({ topic: 't', group: 'g', onBatch: async (batch) => void got.push(...batch.map((m) => m.key)) });
  await connected(async (slow) => {
    await slow.query('begin');
    await publish(slow, 'slow');
    await connected(async (fast) => {
      const later = publish(fast, 'fast');
      await sleep(300);
      expect(got).toEqual([]);
      await slow.query('commit');
      await later;
    });
  });
  await expect.poll(() => got).toEqual(['slow', 'fast']);
});

test('leaves no gap in the offsets where a publisher rolled back', async () => {
  await connected(async (client) => {
    await publish(client, 'a');
    await client.query('begin');
    await publish(client, 'lost');
    await client.query('rollback');
    await publish(client, 'b');
    expect(await stored(client)).toEqual(['0a', '1b']);
  });
});

test('appends nothing when a call is repeated after its answer was lost', async () => {
  await connected(async (client) => {
    const producer = randomUUID();
    await publish(client, 'a', producer, 1);
    await publish(client, 'a', producer, 1);
    await publish(client, 'b', producer, 2);
    await publish(client, 'a', producer, 1);
    expect(await stored(client)).toEqual(['0a', '1b']);
  });
});

test('never moves a group back', async () => {
  await connected(async (client) => {
    await client.query(`select stasis_bus.join_group('g', 't', null, false, null)`);
    for (const next of [5, 3, null])
      await client.query(`select stasis_bus.acknowledge('g', 't', 0, $1, false)`, [next]);
    const { rows } = await client.query(`select next_offset from stasis_bus.group_offsets`);
    expect(rows).toEqual([{ next_offset: '5' }]);
  });
});

test('gives a partition to one member of the group at a time, and to another when that one is gone', async () => {
  const fetch = async (client: pg.Client): Promise<number> =>
    (await client.query(`select * from stasis_bus.fetch('g', 't', 0, 10)`)).rows.length;
  await connected(async (second) => {
    await publish(second, 'a');
    await second.query(`select stasis_bus.join_group('g', 't', null, false, null)`);
    await connected(async (first) => {
      expect(await fetch(first)).toBe(1);
      expect(await fetch(second)).toBe(0);
    });
    await expect.poll(() => fetch(second)).toBe(1);
  });
});

test('removes what is older than the retention of its topic, and gives its offsets to nothing else', async () => {
  await connected(async (client) => {
    await publish(client, 'old');
    await client.query(`update stasis_bus.messages set published_at = now() - interval '2 seconds'`);
    await publish(client, 'new');
    await client.query(`select stasis_bus.prune('t')`);
    expect(await stored(client)).toEqual(['1new']);
    await publish(client, 'newer');
    expect(await stored(client)).toEqual(['1new', '2newer']);
  });
});
