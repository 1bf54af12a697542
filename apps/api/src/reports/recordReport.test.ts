import { newId, typeOf, type EventKey } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { goodCheckpoint, nodeWithContainer, useTestApi } from '../testApi.ts';

const t = useTestApi(startPostgres);

beforeAll(async () => {
  await t.report(...nodeWithContainer('node-1', 'web-1'));
  await t.until('/v1/containers/node-1/web-1');
}, 60_000);
const told = (key: EventKey, subject: string, data: unknown) => ({
  id: newId('evt'),
  type: typeOf(key),
  subject,
  time: new Date().toISOString(),
  data,
});
const report = (...facts: object[]) => t.call('POST', '/v1/reports', { node: 'node-1', facts });
const ask = async (imagePath?: string): Promise<string> =>
  String((await t.call('POST', '/v1/checkpoints', { container: 'web-1', leaveRunning: true, imagePath })).body['id']);

describe('a report of a one-shot command', () => {
  it('is recorded once, under the token, by the deciders of facts', async () => {
    const id = await ask('/images/one');
    const accepted = told('checkpoint.accepted', id, { attempt: 1 });
    const first = await report(accepted);
    expect(first).toMatchObject({ status: 200, body: { items: [{ id: accepted.id, position: expect.any(Number) }] } });
    expect((await report(accepted)).body).toEqual(first.body);
    expect((await report(told('checkpoint.ready', id, { container: 'running' }))).body).toEqual({
      items: [{ id: expect.any(String) }],
    });
    const { timeline } = await t.until(`/v1/checkpoints/${id}`);
    expect(timeline).toMatchObject([
      { type: typeOf('checkpoint.requested') },
      { type: typeOf('checkpoint.accepted'), source: '/stasis/nodes/node-1' },
    ]);
  });

  it('says nothing about what an agent carries out, about other nodes or about agents', async () => {
    const id = await ask();
    expect(await report(told('checkpoint.accepted', id, { attempt: 1 }))).toMatchObject({
      status: 403,
      body: { code: 'NotAuthorised' },
    });
    const other = 'node-2/web-1';
    expect(await report(told('container.gone', other, { container: other, run: 'r' }))).toMatchObject({ status: 403 });
    expect(await report(told('node.joined', 'node-1', {}))).toMatchObject({ body: { code: 'EventMalformed' } });
    expect((await t.until(`/v1/checkpoints/${id}`))['phase']).toBe('Requested');
  });

  it('makes a checkpoint Ready that the fleet does not restore, since its image is in no store', async () => {
    const id = await ask('/images/two');
    const facts = goodCheckpoint('node-1', id).map((fact) => ({
      ...told('checkpoint.ready', id, fact.data),
      type: fact.type,
    }));
    expect((await report(...facts)).status).toBe(200);
    expect((await t.until(`/v1/checkpoints/${id}`))['phase']).toBe('Ready');
    const { body } = await t.call('POST', '/v1/restores', { checkpoint: id, name: 'copy' });
    expect(body).toMatchObject({
      phase: 'Refused',
      reasons: [{ reason: 'StoreUnavailable', message: expect.stringContaining('/images/two') }],
    });
    const same = await t.call('GET', `/v1/checkpoints/${id}/compatibility?name=copy`);
    expect(same.body).toMatchObject({ compatible: false, reasons: [{ reason: 'StoreUnavailable' }] });
  });
});
