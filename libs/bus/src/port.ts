/**
 * The bus carries events between processes; the ledger is the truth. Three adapters (memory, Postgres, Kafka) pass one
 * contract suite. A topic has partitions; within one partition (and so within one key) order is kept; delivery is at
 * least once; a consumer group resumes where it last finished a batch.
 */
export interface BusMessage {
  readonly topic: string;
  /** Messages with one key stay in order. Also chooses the partition unless `partition` is given. */
  readonly key: string;
  /** CloudEvents binary mode: `ce_*` and `content-type`. Values are text. */
  readonly headers: Readonly<Record<string, string>>;
  /** RFC 8785 JSON, UTF-8. */
  readonly value: Uint8Array;
  readonly partition?: number;
}

export interface DeliveredMessage extends BusMessage {
  readonly partition: number;
  /** Decimal text, since Kafka's offsets are 64 bit. Grows by one or more per message of a partition. */
  readonly offset: string;
}

export interface Subscription {
  /** Ends the subscription; the batch under way is finished first. Idempotent. */
  stop(): Promise<void>;
}

export interface SubscribeOptions {
  readonly topic: string;
  /** Consumer group. Several members share the partitions unless `partition` pins the group to one. */
  readonly group: string;
  /** Take only this partition (the group then has one working member; others stand by). */
  readonly partition?: number;
  /** First offset to deliver, instead of the group's committed one (only with `partition`): an agent's journal knows it. */
  readonly startAt?: string;
  /** Where a group without a committed offset begins. Default `earliest`. */
  readonly from?: 'earliest' | 'latest';
  /** At most this many messages a batch. Default 500. */
  readonly batchSize?: number;
  /**
   * Handles a batch of one partition in order. When it resolves, the batch is acknowledged; when it rejects, the same
   * messages come again after a pause. A message that fails `maxAttempts` times in a row alone is set aside (`onPoison`).
   * A retryable StasisError (the ledger is away) is not the message's fault and never counts. Batches of different
   * partitions may be handled at the same time.
   */
  readonly onBatch: (messages: readonly DeliveredMessage[]) => Promise<void>;
  /** A message set aside, with its reason, after it was written to `<topic>.poison`. */
  readonly onPoison?: (message: DeliveredMessage, reason: unknown) => void;
  /** Deliveries of one message before it is set aside. Default 5. */
  readonly maxAttempts?: number;
}

export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  /** Milliseconds that messages are kept; absent = the carrier's default. */
  readonly retentionMs?: number;
}

export interface Bus {
  readonly kind: 'memory' | 'postgres' | 'kafka';
  /** Makes the topics that are missing (and their `.poison` topics); existing ones are left as they are. Idempotent. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** @throws StasisError BusUnavailable */
  partitionsOf(topic: string): Promise<number>;
  /**
   * Resolves when every message is durable (Kafka: acks=all). Two calls of one Bus never overtake each other. Waits out
   * a broker that is gone, up to `publishTimeoutMs` of the adapter (default 2 minutes).
   * @throws StasisError BusUnavailable; then any prefix of the messages may have been written.
   */
  publish(messages: readonly BusMessage[]): Promise<void>;
  /** Resolves once the consumer has joined and will see messages published from now on. Survives a broker outage. */
  subscribe(options: SubscribeOptions): Promise<Subscription>;
  /** The carrier's version, for people: "Kafka 4.3.1", "Postgres 18.4", "memory". */
  version(): Promise<string>;
  /** Resolves if the carrier answers now. @throws StasisError BusUnavailable */
  ping(): Promise<void>;
  /** Stops all subscriptions and lets go of connections. Idempotent. */
  close(): Promise<void>;
}
