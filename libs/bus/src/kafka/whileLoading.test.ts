import { KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } from 'kafkajs';
import { expect, test } from 'vitest';
import { whileLoading } from './whileLoading.ts';

/** What kafkajs throws once it has given up on what the broker said. */
const gaveUp = (type: string): Error =>
  new KafkaJSNumberOfRetriesExceeded(
    Object.assign(new KafkaJSProtocolError('The coordinator is loading'), { type, retriable: true }),
    { retryCount: 5, retryTime: 1000 },
  );

const failing = (type: string, times: number): { ask: () => Promise<string>; asked: () => number } => {
  let asked = 0;
  const ask = async (): Promise<string> => {
    asked += 1;
    if (asked <= times) throw gaveUp(type);
    return 'answered';
  };
  return { ask, asked: () => asked };
};

test.each(['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'])(
  'asks again while the broker says %s',
  async (type) => {
    const { ask, asked } = failing(type, 2);
    expect(await whileLoading(ask, 30_000)).toBe('answered');
    expect(asked()).toBe(3);
  },
);

test('gives up when the time is over', async () => {
  const { ask } = failing('GROUP_LOAD_IN_PROGRESS', Infinity);
  await expect(whileLoading(ask, 300)).rejects.toMatchObject({ cause: { type: 'GROUP_LOAD_IN_PROGRESS' } });
});

test('passes any other failure on at once', async () => {
  const { ask, asked } = failing('TOPIC_AUTHORIZATION_FAILED', Infinity);
  await expect(whileLoading(ask, 30_000)).rejects.toThrow('loading');
  expect(asked()).toBe(1);
});
