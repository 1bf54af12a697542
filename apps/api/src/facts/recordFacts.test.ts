import { poisonHeaders, poisonTopicOf, topics } from '@stasis/bus';
import { createMemoryBroker } from '@stasis/bus/memory';
import { type EventKey, newId, type StasisEvent } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { discovered, factOf, goodCheckpoint, nodeWithContainer, useTestApi } from '../testApi.ts';

const t = useTestApi(startPostgres, { broker: createMemoryBroker() });

beforeAll(async () => {
  await t.report(...nodeWithContainer('node-1', 'web-1'), ...nodeWithContainer('node-2', 'web-2'));
  for (const name of ['node-1/web-1', 'node-2/web-2']) await t.until(`/v1/containers/${name}`);
});

const requested = async (): Promise<string> =>
  String((await t.call('POST', '/v1/checkpoints', { container: 'web-1', leaveRunning: true })).body['id']);

const setAside = (): { code: string | undefined; value: string }[] =>
  (t.broker.topic(poisonTopicOf(topics.facts))[0]?.messages ?? []).map(({ headers, value }) => ({
    code: headers[poisonHeaders.code],
    value: new TextDecoder().decode(value),
  }));

const becomesReady = async (id: string): Promise<void> => {
  await t.until(`/v1/checkpoints/${id}`, ({ phase }) => phase === 'Ready');
};

describe('the recorder of facts', () => {
  it('sets a malformed message aside and records those around it', async () => {
    const id = await requested();
    const bad = { topic: topics.facts, key: id, headers: { ce_id: 'x' }, value: new TextEncoder().encode('{"bad":1}') };
    const [first, ...rest] = goodCheckpoint('node-1', id);
    await t.report(first as StasisEvent);
    await t.bus.publish([bad]);
    await t.report(...rest);
    await becomesReady(id);
    await vi.waitFor(() => expect(setAside().map(({ value }) => value)).toContain('{"bad":1}'), 20_000);
    expect(setAside().find(({ value }) => value === '{"bad":1}')?.code).toBe('EventMalformed');
  });

  it('sets aside what a node says about what is not its own', async () => {
    const id = await requested();
    const before = setAside().length;
    await t.report(
      factOf('node-2', 'checkpoint.accepted', id, { attempt: 1 }),
      { ...discovered('node-1', 'web-9'), source: '/stasis/nodes/node-2' } as StasisEvent,
      { ...nodeWithContainer('node-1', 'x')[0], source: '/stasis/nodes/node-2' } as StasisEvent,
    );
    await t.report(...goodCheckpoint('node-1', id));
    await becomesReady(id);
    await vi.waitFor(() => expect(setAside().length).toBe(before + 3), 20_000);
    expect(
      new Set(
        setAside()
          .slice(before)
          .map(({ code }) => code),
      ),
    ).toEqual(new Set(['NotAuthorised']));
    expect((await t.call('GET', '/v1/containers/node-1/web-9')).status).toBe(404);
  });

  it('sets aside an event that is not for nodes to tell', async () => {
    const id = await requested();
    const before = setAside().length;
    await t.report(factOf('node-1', 'checkpoint.canceled' as EventKey, id, { node: 'node-1' }));
    await vi.waitFor(() => expect(setAside().length).toBe(before + 1), 20_000);
    expect((await t.call('GET', `/v1/checkpoints/${id}`)).body['phase']).toBe('Requested');
  });

  it('appends no second end, and says once that an image exists after all', async () => {
    const id = await requested();
    const [accepted, , , , verified, ready] = goodCheckpoint('node-1', id);
    const failed = factOf('node-1', 'checkpoint.failed', id, {
      reason: 'RuntimeFailed',
      message: 'x',
      container: 'running',
    });
    await t.report(accepted as StasisEvent, failed);
    await t.until(`/v1/checkpoints/${id}`, ({ phase }) => phase === 'Failed');
    const late = verified as StasisEvent;
    await t.report(late, late, { ...late, id: newId('evt') } as StasisEvent, ready as StasisEvent);
    const detail = await t.until(`/v1/checkpoints/${id}`, ({ timeline }) => (timeline as unknown[]).length === 5);
    expect(detail).toMatchObject({ phase: 'Failed', adoptable: true });
    const timeline = detail['timeline'] as { type: string; id: string }[];
    expect(timeline.slice(3).map(({ type }) => type)).toEqual(Array(2).fill('dev.stasis.checkpoint.reconciled.v1'));
    expect(timeline[3]?.id).toBe(late.id);
  });

  it('keeps facts of a checkpoint that nobody asked for out of the ledger', async () => {
    const head = await t.api.platform.ledger.head('default');
    await t.report(...goodCheckpoint('node-1', newId('ckp')));
    const id = await requested();
    await t.report(...goodCheckpoint('node-1', id));
    await becomesReady(id);
    expect(await t.api.platform.ledger.head('default')).toBe(head + 7);
  });
});
