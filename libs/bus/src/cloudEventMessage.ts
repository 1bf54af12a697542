import type { BusMessage } from './port.ts';

/**
 * CloudEvents 1.0, Kafka protocol binding, binary mode: each attribute is a header `ce_<name>`, the data is the value,
 * `datacontenttype` is the header `content-type`. https://github.com/cloudevents/spec (kafka-protocol-binding.md 3.2)
 */
const prefix = 'ce_';
const contentType = 'content-type';

export interface CloudEventContent {
  /** Context attributes and extensions, lower-case names; `datacontenttype` is left out when it is application/json. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly data: unknown;
}

/**
 * Bytes are taken as they are (canonical JSON that was signed or hashed must not be written again); anything else is
 * written with JSON.stringify.
 */
export const toMessage = (
  topic: string,
  key: string,
  attributes: Readonly<Record<string, string>>,
  data: unknown,
  partition?: number,
): BusMessage => {
  const { datacontenttype = 'application/json', ...rest } = attributes;
  const headers: Record<string, string> = { [contentType]: datacontenttype };
  for (const [name, value] of Object.entries(rest)) headers[prefix + name] = value;
  return {
    topic,
    key,
    headers,
    value: data instanceof Uint8Array ? data : new TextEncoder().encode(JSON.stringify(data)),
    ...(partition === undefined ? {} : { partition }),
  };
};

/**
 * The attributes and the parsed data of a message; headers that are not CloudEvents' are left out.
 * @throws SyntaxError if the value is not JSON, TypeError if it is not UTF-8
 */
export const fromMessage = (message: Pick<BusMessage, 'headers' | 'value'>): CloudEventContent => {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (name.startsWith(prefix)) attributes[name.slice(prefix.length)] = value;
  }
  const type = message.headers[contentType];
  if (type !== undefined && type !== 'application/json') attributes['datacontenttype'] = type;
  return { attributes, data: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(message.value)) };
};
