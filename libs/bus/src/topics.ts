import { StasisError } from '@stasis/errors';
import type { TopicSpec } from './port.ts';

/** The topics of Stasis and what keys them. Partition counts and retention come from configuration (see `topicSpecs`). */
export const topics = {
  /** Requests to nodes: key = node, partition = the one the node recorded in `node.joined`. */
  requests: 'stasis.requests',
  /** Facts from nodes: key = subject of the fact (checkpoint id, restore id, container). */
  facts: 'stasis.facts',
  /** Every recorded event, in order of position per subject. */
  ledger: 'stasis.ledger',
  /** Signs of life of agents; never in the ledger. Key = node. */
  heartbeats: 'stasis.heartbeats',
  /** Signed tree heads (C2SP notes, text/plain), in order of size. Key = ledger; headers `ledger` and `size`. */
  treeHeads: 'stasis.tree-heads',
} as const;

const day = 24 * 60 * 60 * 1000;

/** Numbers of partitions and retention, as decimal text, as in the environment. */
export interface TopicSettings {
  readonly STASIS_TOPIC_PARTITIONS?: string | undefined;
  readonly STASIS_REQUEST_PARTITIONS?: string | undefined;
  readonly STASIS_TOPIC_RETENTION_MS?: string | undefined;
}

/**
 * What `ensureTopics` is given. Defaults: 4 partitions (16 of requests, each of which a node is pinned to), 7 days kept;
 * heartbeats are worth an hour.
 * @throws StasisError ConfigInvalid, naming the setting
 */
export const topicSpecs = (settings: TopicSettings = {}): TopicSpec[] => {
  const partitions = whole('STASIS_TOPIC_PARTITIONS', settings.STASIS_TOPIC_PARTITIONS, 4);
  const retentionMs = whole('STASIS_TOPIC_RETENTION_MS', settings.STASIS_TOPIC_RETENTION_MS, 7 * day);
  return [
    {
      topic: topics.requests,
      partitions: whole('STASIS_REQUEST_PARTITIONS', settings.STASIS_REQUEST_PARTITIONS, 16),
      retentionMs,
    },
    { topic: topics.facts, partitions, retentionMs },
    { topic: topics.ledger, partitions, retentionMs },
    { topic: topics.heartbeats, partitions: 1, retentionMs: day / 24 },
    { topic: topics.treeHeads, partitions: 1, retentionMs },
  ];
};

const whole = (name: string, text: string | undefined, otherwise: number): number => {
  if (!text) return otherwise;
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new StasisError('ConfigInvalid', `${name} is "${text}", which is not a whole number above 0.`);
};
