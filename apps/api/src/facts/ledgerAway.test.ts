import { createMemoryBus } from '@stasis/bus/memory';
import { topics, topicSpecs } from '@stasis/bus';
import { createMemoryLedger } from '@stasis/ledger/memory';
import { describe, expect, it, vi } from 'vitest';
import { newPrivateKey, signingKeyOf } from '@stasis/proof';
import { recorder } from '../actor.ts';
import { recordEvents } from '../recordEvents.ts';
import { createNodeKeys } from '../signatures/nodeKeys.ts';
import { discovered, factMessage, signFact } from '../testApi.ts';
import { recordFacts, type RecordParts } from './recordFacts.ts';

describe('the recorder of facts while the database is away', () => {
  it('sets nothing aside, however long it takes, and records once it is back', async () => {
    const ledger = createMemoryLedger();
    const key = await signingKeyOf(newPrivateKey());
    await recordEvents(ledger, {
      noun: 'node',
      subject: 'node-1',
      actor: recorder,
      decide: () => [{ key: 'node.enrolled', data: { node: 'node-1', keyId: key.keyId, publicKey: key.publicKey } }],
    });
    const bus = createMemoryBus();
    await bus.ensureTopics(topicSpecs());
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
    let tries = 0;
    let isAway = true;
    const moody = {
      ...ledger,
      readStreams: async (...args: Parameters<typeof ledger.readStreams>) => {
        tries += 1;
        if (isAway) throw refused;
        return ledger.readStreams(...args);
      },
    };
    const keys = createNodeKeys(moody);
    const parts: RecordParts = { ledger: moody, keys, onRecorded: () => {}, onRefused: async () => {} };
    const onPoison = vi.fn<() => void>();
    const subscription = await bus.subscribe({
      topic: topics.facts,
      group: 'test',
      // Fewer than the tries that are waited for below: a message that counted them would be set aside.
      maxAttempts: 2,
      onBatch: (messages) => recordFacts(parts, messages),
      onPoison,
    });
    const event = await signFact(discovered('node-1', 'web-1'), key);
    await bus.publish([factMessage(event)]);
    await vi.waitFor(() => expect(tries).toBeGreaterThanOrEqual(4), 20_000);
    isAway = false;
    await vi.waitFor(async () => expect(await ledger.head('default')).toBe(1), 20_000);
    expect(onPoison).not.toHaveBeenCalled();
    await subscription.stop();
    await bus.close();
    await ledger.close();
  });
});
