/**
 * Kafka's protocol does not tell the broker's version, but ApiVersions (key 18, version 3) tells the highest level of
 * the feature `metadata.version` that the broker supports, and each release brought its own. It is answered before
 * any authentication. https://kafka.apache.org/protocol (ApiVersions), MetadataVersion.java (levels).
 */
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { KafkaBusOptions } from './settings.ts';

/** Highest level of each release, in ascending order. */
const levels: readonly (readonly [level: number, release: string])[] = [
  [7, '3.3'],
  [8, '3.4'],
  [11, '3.5'],
  [14, '3.6'],
  [19, '3.7'],
  [20, '3.8'],
  [21, '3.9'],
  [25, '4.0'],
  [27, '4.1'],
  [29, '4.2'],
  [30, '4.3'],
];

/** @returns "Kafka 4.3"; "Kafka" alone for a broker newer or older than the table, or one that does not say */
export const brokerVersion = async (options: KafkaBusOptions): Promise<string> => {
  const [broker = ''] = options.brokers;
  const colon = broker.lastIndexOf(':');
  const target = { host: broker.slice(0, colon).replaceAll(/[[\]]/g, ''), port: Number(broker.slice(colon + 1)) };
  const tls = {
    ...(isIP(target.host) ? {} : { servername: target.host }),
    ...(typeof options.ssl === 'object' ? options.ssl : {}),
  };
  const socket = options.ssl ? connectTls({ ...tls, ...target }) : connectPlain(target);
  const level = metadataLevel(await ask(socket, options.ssl ? 'secureConnect' : 'connect'));
  const release = levels.find(([highest]) => level <= highest)?.[1];
  return release === undefined || level < 1 ? 'Kafka' : `Kafka ${release}`;
};

const ask = (socket: Socket, connected: 'connect' | 'secureConnect'): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.setTimeout(3000, () => socket.destroy(new Error('no answer within 3 s')));
    socket.once(connected, () => socket.write(request()));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      socket.destroy();
      resolve(received.subarray(4));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the broker closed the connection')));
  });

/** Header v2 (key, version, correlation id, client id, no tags), then name and version of the client, no tags. */
const request = (): Buffer => {
  const compact = (text: string): number[] => [text.length + 1, ...Buffer.from(text)];
  const body = Buffer.from([0, 18, 0, 3, 0, 0, 0, 1, 0xff, 0xff, 0, ...compact('stasis'), ...compact('1'), 0]);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length);
  return Buffer.concat([length, body]);
};

/** Reads past correlation id, error and the list of requests to tag 0, the supported features. 0 when it is not there. */
const metadataLevel = (answer: Buffer): number => {
  let at = 4;
  const int16 = (): number => answer.readInt16BE((at += 2) - 2);
  const uvarint = (): number => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = answer.readUInt8((at += 1) - 1);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const skipTags = (): void => {
    for (let left = uvarint(); left > 0; left -= 1) {
      uvarint();
      const size = uvarint();
      at += size;
    }
  };
  if (int16() !== 0) return 0;
  for (let left = uvarint() - 1; left > 0; left -= 1) {
    at += 6;
    skipTags();
  }
  at += 4;
  for (let left = uvarint(); left > 0; left -= 1) {
    const tag = uvarint();
    const end = uvarint() + at;
    for (let features = tag === 0 ? uvarint() - 1 : 0; features > 0; features -= 1) {
      const length = uvarint() - 1;
      const name = answer.toString('utf8', at, (at += length));
      int16();
      const highest = int16();
      skipTags();
      if (name === 'metadata.version') return highest;
    }
    at = end;
  }
  return 0;
};
