import { Partitioners, type PartitionMetadata } from 'kafkajs';
import { expect, test } from 'vitest';
import { partitionOf } from './partitionOf.ts';

test('puts each key where kafkajs and the Java client put it', () => {
  const ofKafkajs = Partitioners.DefaultPartitioner();
  const partitions = Array.from({ length: 7 }, (_, partitionId) => ({ partitionId, leader: 1 })) as PartitionMetadata[];
  const keys = [
    '',
    'a',
    'ab',
    'abc',
    'abcd',
    'web-1',
    'ckp_01k7q3s5',
    'Größe',
    '節点',
    ...Array.from({ length: 500 }, (_, n) => `k${n}`),
  ];
  const expected = keys.map((key) =>
    ofKafkajs({ topic: 't', partitionMetadata: partitions, message: { key, value: '' } }),
  );
  // kafkajs takes an empty key for a missing one and spreads those.
  expect(keys.slice(1).map((key) => partitionOf(key, 7))).toEqual(expected.slice(1));
});
