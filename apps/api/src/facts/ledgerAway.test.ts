import { createMemoryBus } from '@stasis/bus/memory';
import { topics, topicSpecs } from '@stasis/bus';
import { createMemoryLedger } from '@stasis/ledger/memory';
import { describe, expect, it, vi } from 'vitest';
import { messageOfEvent } from '../relay/messagesOf.ts';
import { discovered } from '../testApi.ts';
import { recordFacts } from './recordFacts.ts';

describe('the recorder of facts while the database is away', () => {
  it('sets nothing aside, however long it takes, and records once it is back', async () => {
    const ledger = createMemoryLedger();
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
    const onPoison = vi.fn<() => void>();
    const subscription = await bus.subscribe({
      topic: topics.facts,
      group: 'test',
      // Fewer than the tries that are waited for below: a message that counted them would be set aside.
      maxAttempts: 2,
      onBatch: (messages) => recordFacts(moody, messages),
      onPoison,
    });
    const event = discovered('node-1', 'web-1');
    await bus.publish([messageOfEvent(topics.facts, event.subject, { event, position: 0, stream: '', version: 0 })]);
    await vi.waitFor(() => expect(tries).toBeGreaterThanOrEqual(4), 20_000);
    isAway = false;
    await vi.waitFor(async () => expect(await ledger.head('default')).toBe(1), 20_000);
    expect(onPoison).not.toHaveBeenCalled();
    await subscription.stop();
    await bus.close();
    await ledger.close();
  });
});
