import { expect, test } from 'vitest';
import { topics, topicSpecs } from './topics.ts';

test('takes partitions and retention from the settings', () => {
  const specs = topicSpecs({
    STASIS_TOPIC_PARTITIONS: '8',
    STASIS_REQUEST_PARTITIONS: '200',
    STASIS_TOPIC_RETENTION_MS: '1000',
  });
  expect(specs.find(({ topic }) => topic === topics.requests)).toEqual({
    topic: topics.requests,
    partitions: 200,
    retentionMs: 1000,
  });
  expect(specs.find(({ topic }) => topic === topics.facts)?.partitions).toBe(8);
});

test('makes every topic of Stasis', () => {
  expect(
    topicSpecs()
      .map(({ topic }) => topic)
      .toSorted(),
  ).toEqual(Object.values(topics).toSorted());
});

test.each(['0', '-1', '1.5', 'many'])('refuses "%s" partitions', (text) => {
  expect(() => topicSpecs({ STASIS_TOPIC_PARTITIONS: text })).toThrow(/STASIS_TOPIC_PARTITIONS is/);
});
