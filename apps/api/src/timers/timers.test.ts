import { topics } from '@stasis/bus';
import type { StasisEvent } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { factOf, goodCheckpoint, nodeWithContainer, useTestApi } from '../testApi.ts';

const t = useTestApi(startPostgres, { env: { STASIS_NODE_LOST_AFTER_MS: '1500' } });
let joined: StasisEvent[];

beforeAll(async () => {
  joined = nodeWithContainer('node-1', 'web-1');
  await t.report(...joined);
  await t.until('/v1/containers/node-1/web-1');
});

type Agents = Record<string, { status: string }>;
const statusIs =
  (agent: string, status: string) =>
  (body: Record<string, unknown>): boolean =>
    (body['agents'] as Agents)[agent]?.status === status;

/** Signs of life of one agent of node-1 until the returned function is called. */
function beat(event: StasisEvent | undefined): () => void {
  const { agent, instance } = (event as StasisEvent).data as { agent: string; instance: string };
  const value = new TextEncoder().encode(JSON.stringify({ node: 'node-1', agent, instance }));
  const send = (): void => void t.bus.publish([{ topic: topics.heartbeats, key: 'node-1', headers: {}, value }]);
  send();
  const timer = setInterval(send, 200);
  return () => clearInterval(timer);
}

describe('the deadline of a request', () => {
  it('ends a checkpoint, a restore and a start that nobody answered, once each', async () => {
    const stop = [beat(joined[0]), beat(joined[1])];
    await t.until('/v1/nodes/node-1', statusIs('restorer', 'joined'));
    const post = async (route: string, body: object): Promise<Record<string, unknown>> =>
      (await t.call('POST', route, body)).body;
    const ready = String((await post('/v1/checkpoints', { container: 'web-1', leaveRunning: true }))['id']);
    await t.report(...goodCheckpoint('node-1', ready));
    await t.until(`/v1/checkpoints/${ready}`, ({ phase }) => phase === 'Ready');
    const short = { timeoutSeconds: 1 };
    const checkpoint = await post('/v1/checkpoints', { container: 'web-1', ...short });
    const restore = await post('/v1/restores', { checkpoint: ready, name: 'copy', ...short });
    const start = await post('/v1/containers', { node: 'node-1', name: 'new', bundle: '/b', ...short });
    expect([checkpoint['phase'], restore['phase'], start['openRequests']]).toMatchObject([
      'Requested',
      'Requested',
      [{ verb: 'start' }],
    ]);
    const ended = await t.until(`/v1/checkpoints/${String(checkpoint['id'])}`, ({ phase }) => phase === 'Voided');
    expect(JSON.stringify(ended['conditions'])).toContain('OutcomeUnknown');
    await t.until(`/v1/restores/${String(restore['id'])}`, ({ phase }) => phase === 'Voided');
    const container = await t.until('/v1/containers/node-1/new', ({ lastFailure }) => lastFailure !== undefined);
    expect(container).toMatchObject({ openRequests: [], lastFailure: { reason: 'OutcomeUnknown' } });
    // What comes afterwards changes nothing about the end.
    await t.report(factOf('node-1', 'checkpoint.accepted', String(checkpoint['id']), { attempt: 1 }));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const { body } = await t.call('GET', `/v1/checkpoints/${String(checkpoint['id'])}`);
    expect((body['timeline'] as unknown[]).length).toBe(2);
    for (const end of stop) end();
  });
});

describe('signs of life', () => {
  it('keep an agent joined; without them it is lost, its node refuses, and it joins again when heard', async () => {
    const stop = beat(joined[1]);
    await t.until('/v1/nodes/node-1', statusIs('checkpointer', 'lost'));
    expect(statusIs('restorer', 'joined')((await t.call('GET', '/v1/nodes/node-1')).body)).toBe(true);
    const { body } = await t.call('POST', '/v1/checkpoints', { container: 'web-1' });
    expect(body['phase']).toBe('Refused');
    expect(JSON.stringify(body['conditions'])).toContain('NodeLost');
    const again = beat(joined[0]);
    await t.until('/v1/nodes/node-1', statusIs('checkpointer', 'joined'));
    const { body: asked } = await t.call('POST', '/v1/checkpoints', { container: 'web-1' });
    expect(asked['phase']).toBe('Requested');
    stop();
    again();
  });
});
