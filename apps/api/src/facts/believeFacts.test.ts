import { poisonHeaders, poisonTopicOf, topics } from '@stasis/bus';
import type { EventData, StasisEvent } from '@stasis/events';
import { newPrivateKey, signingKeyOf } from '@stasis/proof';
import { startPostgres } from '@stasis/testing';
import { describe, expect, it, vi } from 'vitest';
import { discovered, factMessage, factOf, nodeWithContainer, signFact, useTestApi } from '../testApi.ts';

const t = useTestApi(startPostgres);

const setAside = (id: string): unknown =>
  t.broker
    .topic(poisonTopicOf(topics.facts))
    .flatMap(({ messages }) => messages)
    .find(({ headers }) => headers['ce_id'] === id)?.headers[poisonHeaders.code];

const refusals = async (): Promise<EventData<'signature.refused'>[]> => {
  const { body } = await t.call('GET', '/v1/audit/events?ledger=system&type=signature.refused&limit=1000');
  return (body['items'] as { data: EventData<'signature.refused'> }[]).map(({ data }) => data);
};

/** A fleet of two fresh nodes. */
const nodes = async (a: string, b: string): Promise<void> => {
  await t.report(...nodeWithContainer(a, 'web'), ...nodeWithContainer(b, 'web'));
  for (const node of [a, b]) await t.until(`/v1/containers/${node}/web`);
};

describe('a fact that is not believed', () => {
  const cases: [string, EventData<'signature.refused'>['why'], (a: string, b: string) => Promise<StasisEvent>][] = [
    ['nobody signed it', 'Unsigned', async (a) => discovered(a, 'x')],
    ['another node signed it', 'UnknownKey', async (a, b) => signFact(discovered(a, 'x'), await t.keyOf(b))],
    [
      'a key signed it that nobody knows',
      'UnknownKey',
      async (a) => signFact(discovered(a, 'x'), await signingKeyOf(newPrivateKey())),
    ],
    [
      'it was changed after it was signed',
      'BadSignature',
      async (a) => {
        const signed = await signFact(discovered(a, 'x'), await t.keyOf(a));
        return { ...signed, time: '2020-01-01T00:00:00.000Z' };
      },
    ],
    [
      'another fact was signed',
      'BadSignature',
      async (a) => {
        const [one, other] = [discovered(a, 'x'), discovered(a, 'y')];
        const { nodekeyid, nodesignature } = await signFact(other, await t.keyOf(a));
        return { ...one, nodekeyid, nodesignature } as StasisEvent;
      },
    ],
    [
      'it is about a container of another node',
      'ForeignSubject',
      async (a, b) => signFact({ ...discovered(b, 'x'), source: `/stasis/nodes/${a}` }, await t.keyOf(a)),
    ],
  ];

  it.each(cases)('because %s is set aside, recorded as %s and counted', async (what, why, make) => {
    const at = cases.findIndex(([name]) => name === what);
    const [a, b] = [`a-${at}`, `b-${at}`];
    await nodes(a, b);
    const counted = async (): Promise<number> =>
      Number(new RegExp(`stasis_signatures_refused_total\\{why="${why}"\\} (\\d+)`).exec(await metrics())?.[1] ?? 0);
    const before = await counted();
    const bad = await make(a, b);
    await t.bus.publish([factMessage(bad)]);
    await t.report(discovered(a, 'after'), discovered(b, 'after'));
    for (const node of [a, b]) await t.until(`/v1/containers/${node}/after`);
    await vi.waitFor(() => expect(setAside(bad.id)).toBe('NotAuthorised'), 20_000);
    for (const node of [a, b]) expect((await t.call('GET', `/v1/containers/${node}/x`)).status).toBe(404);
    await vi.waitFor(async () => {
      const told = (await refusals()).filter(({ message }) => message === bad.id);
      expect(told).toMatchObject([{ by: 'api', node: a, why, count: 1, type: bad.type }]);
    }, 20_000);
    expect(await counted()).toBe(before + 1);
  });

  it('about a checkpoint that another node was asked for is one of them', async () => {
    await nodes('a-own', 'b-own');
    const { body } = await t.call('POST', '/v1/checkpoints', { container: 'a-own/web', leaveRunning: true });
    const fact = factOf('b-own', 'checkpoint.accepted', String(body['id']), { attempt: 1 });
    await t.report(fact);
    await vi.waitFor(() => expect(setAside(fact.id)).toBe('NotAuthorised'), 20_000);
    expect((await t.call('GET', `/v1/checkpoints/${String(body['id'])}`)).body['phase']).toBe('Requested');
  });

  it('a thousand times is one event, and names of nodes that are made up make none of their own', async () => {
    const before = (await refusals()).length;
    const flood = Array.from({ length: 1000 }, (_, n) => discovered(`made-up-${n}`, 'x'));
    await t.bus.publish(flood.map(factMessage));
    await vi.waitFor(() => expect(setAside(flood.at(-1)?.id ?? '')).toBe('NotAuthorised'), 30_000);
    const told = (await refusals()).slice(before);
    expect(told).toMatchObject([{ node: 'unknown', why: 'Unsigned', count: 1 }]);
  });

  it('in the name of a person is none of a node', async () => {
    await nodes('a-user', 'b-user');
    const fact = { ...discovered('a-user', 'x'), authtype: 'user', authid: 'sub_x' } as StasisEvent;
    await t.report(fact);
    await vi.waitFor(() => expect(setAside(fact.id)).toBe('EventMalformed'), 30_000);
    expect((await t.call('GET', '/v1/containers/a-user/x')).status).toBe(404);
  });
});

const metrics = async (): Promise<string> => String((await t.call('GET', '/metrics')).body['text']);
