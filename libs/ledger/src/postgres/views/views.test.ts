import { newId } from '@stasis/events';
import { startPostgres } from '@stasis/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  appendOf,
  checkpointLife,
  checkpointRequested,
  containerDiscovered,
  nodeJoined,
  restoreRequested,
} from '../../sampleEvents.ts';
import { startTestLedgers, type TestLedgers } from '../../testDatabase.ts';
import {
  getCheckpoint,
  getContainer,
  getNode,
  getRestore,
  listCheckpoints,
  listContainers,
  listEvents,
  listNodes,
  listRestores,
  openRequests,
  type PostgresLedger,
} from '../index.ts';

let ledgers: TestLedgers;
let ledger: PostgresLedger;
beforeAll(async () => {
  ledgers = await startTestLedgers(await startPostgres());
}, 60_000);
afterAll(() => ledgers.tearDown());
beforeEach(async () => {
  ledger = await ledgers.open();
});

describe('the read models', () => {
  test('are in step when an append resolves, and say their position', async () => {
    const id = newId('ckp');
    const life = checkpointLife();
    expect(await getCheckpoint(ledger.database, id)).toEqual({ item: undefined, position: 0 });
    for (const [index, domain] of life.entries()) {
      await ledger.append([appendOf(id, [domain], { expectedVersion: index })]);
      const { item, position } = await getCheckpoint(ledger.database, id);
      expect(item?.position).toBe(index + 1);
      expect(position).toBe(index + 1);
    }
    const { item } = await getCheckpoint(ledger.database, id);
    expect(item).toMatchObject({ id, container: 'n1/web-1', phase: 'Ready', bytes: 4096, freezeMs: 12.5 });
    expect(item?.conditions.map(({ type }) => type)).toEqual(['Accepted', 'Captured', 'Stored', 'Verified', 'Ready']);
  });

  test('are left as they were by an append that conflicts or repeats', async () => {
    const id = newId('ckp');
    const append = appendOf(id, [checkpointRequested()]);
    await ledger.append([append]);
    await ledger.append([append]);
    await ledger.append([appendOf(id, checkpointLife().slice(1, 3), { expectedVersion: 4 })]);
    expect((await getCheckpoint(ledger.database, id)).item).toMatchObject({ phase: 'Requested', position: 1 });
  });

  test('page through checkpoints, newest first, without skip or repeat', async () => {
    const ids = Array.from({ length: 5 }, () => newId('ckp'));
    for (const id of ids) await ledger.append([appendOf(id, [checkpointRequested()])]);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Awaited<ReturnType<typeof listCheckpoints>> = await listCheckpoints(ledger.database, {
        limit: 2,
        ...(cursor !== '' && { cursor }),
      });
      expect(page.position).toBe(5);
      seen.push(...page.items.map((item) => item.id));
      cursor = page.next;
    }
    expect(seen).toEqual(ids.toReversed());
    await expect(async () => listCheckpoints(ledger.database, { cursor: '1; drop' })).rejects.toMatchObject({
      code: 'BadRequest',
    });
  });

  test('filter by container, node, name, phase, status and checkpoint', async () => {
    const [one, two, restore] = [newId('ckp'), newId('ckp'), newId('rst')];
    await ledger.append([
      appendOf(one, checkpointLife('n1', 'web-1')),
      appendOf(two, [checkpointRequested('n2', 'web-2')]),
      appendOf(restore, [restoreRequested(one, 'n2', 'web-9')]),
      appendOf('n1/web-1', [containerDiscovered('n1', 'web-1')]),
      appendOf('n2/web-1', [containerDiscovered('n2', 'web-1')]),
      appendOf('n1', [nodeJoined('n1')], { ledger: 'system' }),
    ]);
    const { database } = ledger;
    const idsOf = ({ items }: { items: readonly { id: string }[] }): string[] => items.map(({ id }) => id);
    expect(idsOf(await listCheckpoints(database, { container: 'n1/web-1' }))).toEqual([one]);
    expect(idsOf(await listCheckpoints(database, { node: 'n2' }))).toEqual([two]);
    expect(idsOf(await listCheckpoints(database, { phase: 'Ready' }))).toEqual([one]);
    expect(idsOf(await listCheckpoints(database, { ledger: 'tenant-b' }))).toEqual([]);
    expect(idsOf(await listRestores(database, { checkpoint: one }))).toEqual([restore]);
    expect(idsOf(await listRestores(database, { checkpoint: two }))).toEqual([]);
    expect(idsOf(await listContainers(database, { name: 'web-1' }))).toEqual(['n2/web-1', 'n1/web-1']);
    expect(idsOf(await listContainers(database, { status: 'stopped' }))).toEqual([]);
    expect((await getContainer(database, 'n1/web-1')).item).toMatchObject({ status: 'running', generation: 1 });
    expect((await getRestore(database, restore)).item).toMatchObject({ name: 'web-9', phase: 'Requested' });
    expect((await getNode(database, 'n1')).item?.agents.checkpointer).toMatchObject({ status: 'joined' });
    expect(idsOf(await listNodes(database, { status: 'joined' }))).toEqual(['n1']);
    expect(idsOf(await listNodes(database, { status: 'lost' }))).toEqual([]);
  });

  test('know what is open, since when and until when', async () => {
    const [done, open, restore] = [newId('ckp'), newId('ckp'), newId('rst')];
    const request = appendOf('n1/web-1', [
      containerDiscovered(),
      {
        key: 'container.requested',
        data: { container: 'n1/web-1', node: 'n1', verb: 'stop', deadline: '2026-11-24T12:05:00.000Z' },
      },
    ]);
    await ledger.append([
      appendOf(done, checkpointLife()),
      appendOf(open, [checkpointRequested()]),
      appendOf(restore, [restoreRequested(done)]),
      request,
    ]);
    const all = await openRequests(ledger.database);
    expect(all.map(({ id }) => id)).toEqual(['n1/web-1', open, restore]);
    expect(all[0]).toEqual({
      ledger: 'default',
      noun: 'container',
      id: 'n1/web-1',
      request: request.events[1]!.id,
      node: 'n1',
      deadline: '2026-11-24T12:05:00.000Z',
    });
    const due = await openRequests(ledger.database, { dueBefore: new Date('2026-11-24T12:06:00.000Z') });
    expect(due.map(({ id }) => id)).toEqual(['n1/web-1']);
  });
});

describe('the event list', () => {
  test('filters by checkpoint, container, node, restore and type, pages, and turns round', async () => {
    const [one, two, restore] = [newId('ckp'), newId('ckp'), newId('rst')];
    await ledger.append([
      appendOf(one, checkpointLife('n1', 'web-1')),
      appendOf(two, [checkpointRequested('n2', 'web-2')]),
      appendOf(restore, [restoreRequested(one, 'n2', 'web-9')]),
      appendOf('n1/web-1', [containerDiscovered('n1', 'web-1')]),
    ]);
    const positions = async (filter: Parameters<typeof listEvents>[1]): Promise<number[]> =>
      (await listEvents(ledger.database, filter)).items.map(({ position }) => position);
    expect(await positions({ checkpoint: one })).toEqual([1, 2, 3, 4, 5, 6, 7, 9]);
    expect(await positions({ container: 'n1/web-1' })).toEqual([1, 2, 3, 4, 5, 6, 7, 10]);
    expect(await positions({ node: 'n2' })).toEqual([8, 9]);
    expect(await positions({ restore })).toEqual([9]);
    expect(await positions({ type: 'dev.stasis.checkpoint.requested.v1' })).toEqual([1, 8]);
    expect(await positions({ after: 8, order: 'desc' })).toEqual([10, 9]);
    expect(await positions({ checkpoint: "x' or true --" })).toEqual([]);
    const page = await listEvents(ledger.database, { limit: 4 });
    expect(page).toMatchObject({ next: '4', position: 10 });
    expect(page.items[0]?.id).toBe(page.items[0]?.event.id);
    const second = await listEvents(ledger.database, { limit: 6, cursor: page.next! });
    expect(second.items.map(({ position }) => position)).toEqual([5, 6, 7, 8, 9, 10]);
    expect(second.next).toBeNull();
  });
});
