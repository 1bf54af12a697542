import { type DeliveredMessage, fromMessage, topics } from '@stasis/bus';
import { startPostgres } from '@stasis/testing';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { factOf, goodCheckpoint, nodeWithContainer, useTestApi } from '../testApi.ts';

const t = useTestApi(startPostgres);

beforeAll(async () => {
  await t.report(...nodeWithContainer('node-1', 'web-1'));
  await t.until('/v1/containers/node-1/web-1');
  await t.until('/v1/nodes/node-1');
});

const requested = async (): Promise<string> => {
  const { status, body } = await t.call('POST', '/v1/checkpoints', { container: 'web-1', leaveRunning: true });
  expect(status).toBe(202);
  return String(body['id']);
};

const phaseBecomes = (id: string, phase: string): Promise<Record<string, unknown>> =>
  t.until(`/v1/checkpoints/${id}`, (body) => body['phase'] === phase);

describe('a checkpoint over HTTP', () => {
  it('goes from the request over the facts of its node to Ready, with its timeline', async () => {
    const { status, body, headers } = await t.call('POST', '/v1/checkpoints', {
      container: 'web-1',
      leaveRunning: true,
      reason: { text: 'kernel upgrade', ticket: 'OPS-1' },
      labels: { team: 'a' },
    });
    expect(status).toBe(202);
    expect(body).toMatchObject({ phase: 'Requested', container: 'node-1/web-1', generation: 1, labels: { team: 'a' } });
    expect(headers.get('stasis-position')).toBe(`default/${String(body['position'])}`);
    const id = String(body['id']);
    await t.report(...goodCheckpoint('node-1', id));
    await phaseBecomes(id, 'Ready');
    const detail = (await t.call('GET', `/v1/checkpoints/${id}`)).body;
    expect(detail).toMatchObject({ reasonText: 'kernel upgrade', freezeMs: 5, bytes: 10 });
    const timeline = detail['timeline'] as { type: string; source: string; position: number }[];
    expect(timeline.map(({ type }) => type.split('.')[3])).toEqual([
      'requested',
      'accepted',
      'captured',
      'sealed',
      'stored',
      'verified',
      'ready',
    ]);
    expect(timeline[1]?.source).toBe('/stasis/nodes/node-1');
    expect(JSON.stringify(timeline)).toContain('OPS-1');
    const { body: page } = await t.call('GET', `/v1/audit/events?checkpoint=${id}`);
    expect((page['items'] as unknown[]).length).toBe(7);
  });

  it('adds nothing for a fact that is delivered twice', async () => {
    const id = await requested();
    const facts = goodCheckpoint('node-1', id);
    await t.report(...facts.slice(0, 3), ...facts.slice(0, 3), ...facts, ...facts);
    await phaseBecomes(id, 'Ready');
    await t.report(...facts);
    const next = await requested();
    await t.report(...goodCheckpoint('node-1', next));
    await phaseBecomes(next, 'Ready');
    const { body } = await t.call('GET', `/v1/checkpoints/${id}`);
    expect((body['timeline'] as unknown[]).length).toBe(7);
  });

  it('is canceled before the node has begun, once, and not afterwards', async () => {
    const id = await requested();
    const first = await t.call('POST', `/v1/checkpoints/${id}/cancel`, { reason: 'not needed' });
    expect(first).toMatchObject({ status: 200, body: { phase: 'Canceled' } });
    expect((await t.call('POST', `/v1/checkpoints/${id}/cancel`)).status).toBe(200);
    const { body } = await t.call('GET', `/v1/checkpoints/${id}`);
    expect((body['timeline'] as unknown[]).length).toBe(2);
    const begun = await requested();
    await t.report(...goodCheckpoint('node-1', begun).slice(0, 1));
    await phaseBecomes(begun, 'Accepted');
    const late = await t.call('POST', `/v1/checkpoints/${begun}/cancel`);
    expect(late).toMatchObject({
      status: 409,
      body: { code: 'TooLateToCancel', type: 'urn:stasis:problem:TooLateToCancel' },
    });
  });

  it('is told to the node on its own partition, and to everyone', async () => {
    const seen: DeliveredMessage[] = [];
    const onBatch = async (messages: readonly DeliveredMessage[]): Promise<void> => void seen.push(...messages);
    const one = await t.bus.subscribe({ topic: topics.requests, group: 'test-requests', onBatch });
    const two = await t.bus.subscribe({ topic: topics.ledger, group: 'test-ledger', onBatch });
    const id = await requested();
    const about = (topic: string): DeliveredMessage | undefined =>
      seen.find((message) => message.topic === topic && fromMessage(message).attributes['subject'] === id);
    await vi.waitFor(() => expect([about(topics.requests), about(topics.ledger)]).not.toContain(undefined), 20_000);
    expect(about(topics.requests)).toMatchObject({ key: 'node-1', partition: 3, headers: { ledger: 'default' } });
    expect(about(topics.ledger)?.key).toBe(id);
    await one.stop();
    await two.stop();
  });

  it('is refused at once, and recorded, when the container does not run', async () => {
    await t.report(...nodeWithContainer('node-2', 'dead-1'));
    const container = await t.until('/v1/containers/node-2/dead-1');
    await t.report(
      factOf('node-2', 'container.stopped', 'node-2/dead-1', {
        container: 'node-2/dead-1',
        run: String(container['run']),
        why: 'exited',
      }),
    );
    await t.until('/v1/containers/node-2/dead-1', ({ status }) => status === 'stopped');
    const { status, body } = await t.call('POST', '/v1/checkpoints', { container: 'dead-1' });
    expect(status).toBe(202);
    expect(body).toMatchObject({ phase: 'Refused' });
    expect(JSON.stringify(body['conditions'])).toContain('ContainerNotRunning');
  });
});
