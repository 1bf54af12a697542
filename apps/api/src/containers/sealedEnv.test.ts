import { topics } from '@stasis/bus';
import type { EventData } from '@stasis/events';
import { open } from '@stasis/proof';
import { startPostgres } from '@stasis/testing';
import { beforeAll, expect, it, vi } from 'vitest';
import { nodeWithContainer, useTestApi } from '../testApi.ts';

const t = useTestApi(startPostgres);

beforeAll(async () => {
  await t.report(...nodeWithContainer('node-1', 'web'));
  await t.until('/v1/containers/node-1/web');
});

it('an environment is for its node alone: not in the ledger, not on the bus, not in any answer', async () => {
  const env = ['PASSWORD=hush-hush-hush'];
  const { status, body } = await t.call('POST', '/v1/containers', { node: 'node-1', name: 'new', bundle: '/b', env });
  expect(status).toBe(202);
  const requests = (): Uint8Array[] =>
    t.broker.topic(topics.requests).flatMap(({ messages }) => messages.map(({ value }) => value));
  await vi.waitFor(() => expect(requests()).toHaveLength(1), 20_000);
  const sent = new TextDecoder().decode(requests()[0]);
  const { sealedEnv } = JSON.parse(sent) as EventData<'container.requested'>;
  const opened = await open((await t.keyOf('node-1')).seed, sealedEnv?.box ?? '', String(body['request']));
  expect(JSON.parse(new TextDecoder().decode(opened))).toEqual(env);

  const rows = await t.api.platform.ledger.database.query<{ text: string }>(
    `select convert_from(leaf, 'UTF8') || data::text as text from events
     union all select body::text from containers union all select coalesce(body::text, '') from idempotency_keys`,
    [],
  );
  const { body: events } = await t.call('GET', '/v1/audit/events?container=node-1/new');
  const everything = [sent, JSON.stringify(body), JSON.stringify(events), ...rows.map(({ text }) => text)].join('\n');
  expect(everything).toContain('sealedEnv');
  expect(everything).not.toContain('hush-hush');
});
