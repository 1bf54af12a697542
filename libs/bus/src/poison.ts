import { isStasisError, messageOf } from '@stasis/errors';
import type { BusMessage, DeliveredMessage } from './port.ts';

export const poisonTopicOf = (topic: string): string => `${topic}.poison`;

/** Headers that a set-aside message carries beside its own. */
export const poisonHeaders = {
  reason: 'stasis-poison-reason',
  code: 'stasis-poison-code',
  group: 'stasis-poison-group',
  partition: 'stasis-poison-partition',
  offset: 'stasis-poison-offset',
} as const;

/** The message as it goes to `<topic>.poison`: key, headers and value untouched, with where it lay and why it failed. */
export const poisonMessage = (message: DeliveredMessage, group: string, reason: unknown): BusMessage => ({
  topic: poisonTopicOf(message.topic),
  key: message.key,
  value: message.value,
  headers: {
    ...message.headers,
    [poisonHeaders.reason]: messageOf(reason).replaceAll('\0', ' ').slice(0, 1000),
    [poisonHeaders.code]: isStasisError(reason) ? reason.code : 'Internal',
    [poisonHeaders.group]: group,
    [poisonHeaders.partition]: String(message.partition),
    [poisonHeaders.offset]: message.offset,
  },
});
