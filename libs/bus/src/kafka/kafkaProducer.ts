import { setTimeout as sleep } from 'node:timers/promises';
import { Partitioners, type Producer, type TopicMessages } from 'kafkajs';
import type { BusMessage } from '../port.ts';
import { isCertificateRefused, isLoginRefused, typeOf } from './errorKinds.ts';
import { createClient, retryFor, unavailable, type KafkaBusOptions } from './settings.ts';

export interface KafkaProducer {
  /** Resolves when all messages are acknowledged by all in-sync replicas. @throws StasisError BusUnavailable */
  send(messages: readonly BusMessage[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * An idempotent producer with one request in flight. A send that failed is repeated with the same content, so the broker
 * recognises what it has by the sequence numbers. Once it is given up, the producer is replaced: a new message under a
 * used sequence number would be taken for the old one and dropped.
 */
export const createKafkaProducer = (options: KafkaBusOptions): KafkaProducer => {
  const timeoutMs = options.publishTimeoutMs ?? 120_000;
  const patience = retryFor(timeoutMs);
  const kafka = createClient(options, patience);
  let current: Promise<Producer> | undefined;
  let closed = false;

  const connect = async (): Promise<Producer> => {
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: patience,
    });
    try {
      await producer.connect();
    } catch (error) {
      current = undefined;
      await producer.disconnect().catch(() => {});
      throw error;
    }
    return producer;
  };

  const replace = async (): Promise<void> => {
    const old = current;
    current = undefined;
    await (await old?.catch(() => undefined))?.disconnect().catch(() => {});
  };

  return {
    send: async (messages) => {
      const deadline = Date.now() + timeoutMs;
      const topicMessages = byTopic(messages);
      for (;;) {
        try {
          const producer = await (current ??= connect());
          await producer.sendBatch({ topicMessages, acks: -1 });
          return;
        } catch (error) {
          if (isFatal(error)) await replace();
          if (closed || isHopeless(error) || Date.now() > deadline) {
            await replace();
            throw unavailable(options, error);
          }
        }
        await sleep(200);
      }
    },
    close: async () => {
      closed = true;
      await replace();
    },
  };
};

const byTopic = (messages: readonly BusMessage[]): TopicMessages[] => {
  const topics = new Map<string, TopicMessages>();
  for (const message of messages) {
    const of = topics.get(message.topic) ?? { topic: message.topic, messages: [] };
    topics.set(message.topic, of);
    of.messages.push({
      key: message.key,
      value: Buffer.from(message.value.buffer, message.value.byteOffset, message.value.byteLength),
      headers: { ...message.headers },
      ...(message.partition === undefined ? {} : { partition: message.partition }),
    });
  }
  return [...topics.values()];
};

/** The broker no longer knows this producer; its sequence numbers are worth nothing. */
const isFatal = (error: unknown): boolean =>
  [
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'UNKNOWN_PRODUCER_ID',
    'INVALID_PRODUCER_EPOCH',
    'INVALID_PRODUCER_ID_MAPPING',
  ].includes(typeOf(error));

/** Waiting changes nothing. */
const isHopeless = (error: unknown): boolean =>
  isLoginRefused(error) ||
  isCertificateRefused(error) ||
  [
    'UNKNOWN_TOPIC_OR_PARTITION',
    'INVALID_TOPIC_EXCEPTION',
    'TOPIC_AUTHORIZATION_FAILED',
    'CLUSTER_AUTHORIZATION_FAILED',
    'MESSAGE_TOO_LARGE',
    'RECORD_LIST_TOO_LARGE',
  ].includes(typeOf(error));
