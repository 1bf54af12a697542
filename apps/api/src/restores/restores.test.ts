import type { StasisEvent } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { factOf, goodCheckpoint, nodeWithContainer, type TestApi, useTestApi } from '../testApi.ts';

const t = useTestApi(startPostgres);
let ready: string;

const joinedWith = (node: string, change: object): StasisEvent[] =>
  nodeWithContainer(node, 'other')
    .slice(0, 2)
    .map((event) => ({ ...event, data: { ...event.data, ...change } }) as StasisEvent);

beforeAll(async () => {
  await t.report(
    ...nodeWithContainer('node-1', 'web-1', ['sse2', 'avx512f']),
    ...joinedWith('same', { cpuFeatures: ['sse2', 'avx512f', 'amx'] }),
    ...joinedWith('plain', { cpuFeatures: ['sse2'] }),
    ...joinedWith('old', {
      cpuFeatures: ['sse2', 'avx512f'],
      runtime: { name: 'runsc', version: 'release-20220905.0', platform: 'ptrace' },
    }),
  );
  await t.until('/v1/containers/node-1/web-1');
  for (const node of ['node-1', 'same', 'plain', 'old'])
    await t.until(`/v1/nodes/${node}`, ({ agents }) => Object.keys(agents as object).length === 2);
  ready = await checkpoint();
  await t.report(...goodCheckpoint('node-1', ready));
  await t.until(`/v1/checkpoints/${ready}`, ({ phase }) => phase === 'Ready');
});

const checkpoint = async (): Promise<string> =>
  String((await t.call('POST', '/v1/checkpoints', { container: 'web-1', leaveRunning: true })).body['id']);

const restore = (body: object): ReturnType<TestApi['call']> => t.call('POST', '/v1/restores', body);
const reasonsOf = (body: Record<string, unknown>): string[] =>
  (body['reasons'] as { reason: string }[]).map(({ reason }) => reason);

describe('a restore over HTTP', () => {
  it('goes from the request to Running, under the name and on the node that were asked for', async () => {
    const { status, body } = await restore({ checkpoint: ready, node: 'same', name: 'web-2', reason: 'drill' });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      phase: 'Requested',
      container: 'same/web-2',
      manifestDigest: `sha256:${'a'.repeat(64)}`,
    });
    const id = String(body['id']);
    await t.report(
      factOf('same', 'restore.accepted', id, { attempt: 1 }),
      factOf('same', 'restore.materialised', id, { bytes: 10, durationMs: 1 }),
      factOf('same', 'restore.running', id, { run: 'run-1', durationMs: 1 }),
    );
    const detail = await t.until(`/v1/restores/${id}`, ({ phase }) => phase === 'Running');
    expect(detail).toMatchObject({ run: 'run-1', reasonText: 'drill' });
    expect((detail['timeline'] as unknown[]).length).toBe(4);
  });

  it('takes the node and the name of the checkpointed container where none is given', async () => {
    const { status, body } = await restore({ checkpoint: ready });
    expect(status).toBe(202);
    expect(body).toMatchObject({ container: 'node-1/web-1', phase: 'Refused' });
    expect(reasonsOf(body)).toEqual(['NameTaken']);
  });

  it.each([
    ['plain', ['CpuFeatureMissing'], 'avx512f'],
    ['old', ['RuntimeMismatch'], 'release-20220905.0'],
  ])('is refused before anything is done on node %s: %o', async (node, reasons, word) => {
    const asked = await t.call('GET', `/v1/checkpoints/${ready}/compatibility?node=${node}&name=n`);
    expect(asked.body).toMatchObject({ compatible: false });
    expect(reasonsOf(asked.body)).toEqual(reasons);
    const { status, body } = await restore({ checkpoint: ready, node, name: 'n' });
    expect(status).toBe(202);
    expect(body['phase']).toBe('Refused');
    expect(reasonsOf(body)).toEqual(reasons);
    expect(JSON.stringify(body['reasons'])).toContain(word);
  });

  it('is refused for a checkpoint that is not Ready, and names no image where there is none', async () => {
    const { status, body } = await restore({ checkpoint: await checkpoint(), node: 'same', name: 'n' });
    expect(status).toBe(202);
    expect(reasonsOf(body)).toEqual(['NotReady']);
    expect(body).not.toHaveProperty('manifestDigest');
    const { timeline } = await t.until(`/v1/restores/${String(body['id'])}`);
    expect((timeline as unknown[]).length).toBe(2);
    expect(JSON.stringify(timeline)).not.toContain('manifestDigest');
  });

  it.each([
    [{ checkpoint: 'ckp_01jdx000000000000000000000' }, 'CheckpointNotFound'],
    [{ node: 'nowhere' }, 'NodeNotFound'],
  ])('of %o is not found', async (change, code) => {
    expect(await restore({ checkpoint: ready, ...change })).toMatchObject({ status: 404, body: { code } });
  });

  it('is canceled before the node has begun, and not afterwards', async () => {
    const cancel = (id: string): ReturnType<TestApi['call']> => t.call('POST', `/v1/restores/${id}/cancel`, {});
    const one = String((await restore({ checkpoint: ready, node: 'same', name: 'n1' })).body['id']);
    expect(await cancel(one)).toMatchObject({ status: 200, body: { phase: 'Canceled' } });
    const two = String((await restore({ checkpoint: ready, node: 'same', name: 'n2' })).body['id']);
    await t.report(factOf('same', 'restore.accepted', two, { attempt: 1 }));
    await t.until(`/v1/restores/${two}`, ({ phase }) => phase === 'Accepted');
    expect(await cancel(two)).toMatchObject({ status: 409, body: { code: 'TooLateToCancel' } });
  });

  it('flags a twin when its container runs after it had ended', async () => {
    const id = String((await restore({ checkpoint: ready, node: 'same', name: 'n3' })).body['id']);
    await t.call('POST', `/v1/restores/${id}/cancel`);
    await t.report(factOf('same', 'restore.running', id, { run: 'run-2', durationMs: 1 }));
    const detail = await t.until(`/v1/restores/${id}`, ({ twin }) => twin === true);
    expect(detail['phase']).toBe('Canceled');
  });
});
