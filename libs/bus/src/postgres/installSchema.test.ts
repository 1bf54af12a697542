import { startPostgres, type TestPostgres } from '@stasis/testing';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createBusLogin, createPostgresBus } from './index.ts';

let postgres: TestPostgres;
let owner: string;
beforeAll(async () => {
  postgres = await startPostgres();
  owner = await postgres.createDatabase();
});
afterAll(() => postgres.stop());

const value = new TextEncoder().encode('{}');

test('lets a login that may only execute the functions publish and consume, and shows it no table', async () => {
  const api = createPostgresBus({ connectionString: owner });
  await api.ensureTopics([{ topic: 'requests', partitions: 2 }]);
  const password = "it's secret: %/@";
  const url = await createBusLogin({ connectionString: owner, role: 'bus_login_test', password });
  expect(await createBusLogin({ connectionString: owner, role: 'bus_login_test', password })).toBe(url);
  const agent = createPostgresBus({ connectionString: url });
  const client = new pg.Client({ connectionString: url });
  try {
    await agent.ensureTopics([{ topic: 'requests', partitions: 2 }]);
    const got: string[] = [];
    await agent.subscribe({
      topic: 'requests',
      group: 'g',
      onBatch: async (batch) => void got.push(...batch.map((m) => m.key)),
    });
    await agent.publish([{ topic: 'requests', key: 'from-agent', headers: {}, value }]);
    await api.publish([{ topic: 'requests', key: 'from-api', headers: {}, value }]);
    await expect.poll(() => got.toSorted()).toEqual(['from-agent', 'from-api']);

    await client.connect();
    for (const sql of [
      'select * from stasis_bus.messages',
      'update stasis_bus.group_offsets set next_offset = 0',
      `select stasis_bus.ensure_topic('mine', 1, null)`,
    ]) {
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' });
    }
    await expect(agent.ensureTopics([{ topic: 'mine', partitions: 1 }])).rejects.toMatchObject({
      code: 'BusUnavailable',
    });
  } finally {
    await client.end();
    await Promise.all([agent.close(), api.close()]);
    const admin = new pg.Client({ connectionString: owner });
    await admin.connect();
    await admin.query('drop owned by bus_login_test');
    await admin.query('drop role bus_login_test');
    await admin.end();
  }
});

test('installs its schema once when several processes start together', async () => {
  const connectionString = await postgres.createDatabase();
  const buses = Array.from({ length: 6 }, () => createPostgresBus({ connectionString }));
  await Promise.all(buses.map((bus) => bus.ping()));
  await Promise.all(buses.map((bus) => bus.close()));
  const client = new pg.Client({ connectionString });
  await client.connect();
  expect((await client.query('select version from stasis_bus.meta')).rowCount).toBe(1);
  await client.end();
});

test.each(['Stasis', 'a-b', 'x; drop table y', ''])('refuses "%s" as the name of its schema', (schema) => {
  expect(() => createPostgresBus({ connectionString: owner, schema })).toThrow(/plain lower-case name/);
});
