import type { BusMessage } from './port.ts';

/** Well under the 1 MB that a broker accepts in one batch by default. */
const largestSendBytes = 512 * 1024;

interface Waiting {
  readonly messages: readonly BusMessage[];
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

export interface PublishQueue {
  publish(messages: readonly BusMessage[]): Promise<void>;
  /** Resolves when what was published so far is sent or has failed. */
  drain(): Promise<void>;
}

/**
 * One send at a time, in the order of the calls, so that no call overtakes another; calls that come while a send is
 * under way share the next one. When a shared send fails, each of its calls fails.
 */
export const createPublishQueue = (send: (messages: readonly BusMessage[]) => Promise<void>): PublishQueue => {
  const waiting: Waiting[] = [];
  let worker: Promise<void> | undefined;

  const work = async (): Promise<void> => {
    while (waiting.length > 0) {
      const calls = takeCalls(waiting);
      try {
        for (const part of split(calls.flatMap((call) => call.messages))) await send(part);
        for (const call of calls) call.resolve();
      } catch (error) {
        for (const call of calls) call.reject(error);
      }
    }
    worker = undefined;
  };

  return {
    publish: (messages) => {
      if (messages.length === 0) return Promise.resolve();
      return new Promise((resolve, reject) => {
        waiting.push({ messages, resolve, reject });
        worker ??= work();
      });
    },
    drain: async () => {
      await worker;
    },
  };
};

const sizeOf = (message: BusMessage): number => message.value.byteLength + 400;

const takeCalls = (waiting: Waiting[]): Waiting[] => {
  const calls: Waiting[] = [];
  let bytes = 0;
  for (let call = waiting[0]; call !== undefined; call = waiting[0]) {
    const size = call.messages.reduce((sum, message) => sum + sizeOf(message), 0);
    if (calls.length > 0 && bytes + size > largestSendBytes) break;
    bytes += size;
    calls.push(call);
    waiting.shift();
  }
  return calls;
};

const split = (messages: readonly BusMessage[]): BusMessage[][] => {
  const parts: BusMessage[][] = [[]];
  let bytes = 0;
  for (const message of messages) {
    const size = sizeOf(message);
    if (bytes > 0 && bytes + size > largestSendBytes) {
      parts.push([]);
      bytes = 0;
    }
    parts.at(-1)?.push(message);
    bytes += size;
  }
  return parts;
};
