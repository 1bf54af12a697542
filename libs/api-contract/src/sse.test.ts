import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { problemContentType } from './schemas/index.ts';
import { followEvents } from './sse.ts';

const event = (position: number): object => ({
  ...{ specversion: '1.0', id: `evt_${position}`, type: 'dev.stasis.checkpoint.ready.v1', source: '/stasis/api' },
  ...{ subject: 'ckp_1', time: '2026-11-24T10:00:00.000Z', datacontenttype: 'application/json', ledger: 'default' },
  ...{ authtype: 'system', authid: 'sub_1', correlationid: 'c', data: { container: 'running' } },
  ...{ position, stream: 'checkpoint/ckp_1', version: position },
});
const message = (position: number): string =>
  `id: default/${position}\nevent: dev.stasis.checkpoint.ready.v1\ndata: ${JSON.stringify(event(position))}\n\n`;

let close: (() => Promise<void>) | undefined;
afterEach(() => close?.());

/** A server that answers each connection with the next of the given plays; says where each was asked to begin. */
const serve = async (
  ...plays: ((response: ServerResponse) => void)[]
): Promise<{ server: string; asked: string[] }> => {
  const asked: string[] = [];
  const http = createServer((request, response) => {
    asked.push(new URL(request.url ?? '', 'http://x').searchParams.get('after') ?? 'now');
    const play = plays[Math.min(asked.length, plays.length) - 1];
    play?.(response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  close = () =>
    new Promise((resolve) => {
      http.close(() => resolve());
      http.closeAllConnections();
    });
  return { server: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, asked };
};

const stream = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { 'content-type': 'text/event-stream' });

const take = async (server: string, count: number, after?: string): Promise<number[]> => {
  const over = new AbortController();
  const positions: number[] = [];
  for await (const { position } of followEvents({
    server,
    signal: over.signal,
    ...(after !== undefined && { after }),
  })) {
    positions.push(position);
    if (positions.length === count) over.abort();
  }
  return positions;
};

it('yields the events of a stream, also when they come in pieces', async () => {
  const { server } = await serve((response) => {
    const text = `: hello\n\n${message(1)}${message(2)}`;
    stream(response).write(text.slice(0, 40));
    setTimeout(() => response.write(text.slice(40)), 30);
  });
  expect(await take(server, 2)).toEqual([1, 2]);
});

it('goes on after the last event when the stream ends or breaks, also in the middle of a message', async () => {
  const { server, asked } = await serve(
    (response) => stream(response).end(message(8)),
    (response) => stream(response).write(message(9) + message(10).slice(0, 30), () => response.destroy()),
    (response) => stream(response).write(message(10)),
  );
  expect(await take(server, 3, 'default/7')).toEqual([8, 9, 10]);
  expect(asked).toEqual(['default/7', 'default/8', 'default/9']);
});

it('tries again when the api is not ready, and ends with the error when it refuses', async () => {
  const refuse = (status: number, code: string) => (response: ServerResponse) =>
    response
      .writeHead(status, { 'content-type': problemContentType })
      .end(JSON.stringify({ type: 'x', title: code, status, detail: 'no', code, details: [] }));
  const { server, asked } = await serve(refuse(503, 'ServerUnreachable'), refuse(401, 'Unauthenticated'));
  await expect(take(server, 1)).rejects.toMatchObject({ code: 'Unauthenticated', message: 'no' });
  expect(asked).toHaveLength(2);
});

it('ends without an error when its signal is aborted while nothing comes', async () => {
  const { server } = await serve((response) => stream(response).flushHeaders());
  const signal = AbortSignal.timeout(50);
  const events: unknown[] = [];
  for await (const one of followEvents({ server, signal })) events.push(one);
  expect(events).toEqual([]);
});

it('says that it is open each time, and why it broke', async () => {
  const { server } = await serve(
    (response) => stream(response).end(message(1)),
    (response) => stream(response).write(message(2), () => response.destroy()),
    (response) => stream(response).write(message(3)),
  );
  const told: string[] = [];
  const over = new AbortController();
  const onOpen = (): void => void told.push('open');
  const onBreak = ({ code }: { code: string }): void => void told.push(code);
  for await (const { position } of followEvents({ server, signal: over.signal, onOpen, onBreak }))
    if (position === 3) over.abort();
  expect(told).toEqual(['open', 'open', 'ServerUnreachable', 'open']);
});

it('takes a stream that says nothing for broken, and resumes it', async () => {
  const { server, asked } = await serve(
    (response) => void stream(response).write(message(1)),
    (response) => void stream(response).write(message(2)),
  );
  const over = new AbortController();
  const breaks: string[] = [];
  const positions: number[] = [];
  const onBreak = ({ message: why }: { message: string }) => void breaks.push(why);
  for await (const { position } of followEvents({ server, signal: over.signal, silentMs: 300, onBreak })) {
    positions.push(position);
    if (positions.length === 2) over.abort();
  }
  expect({ positions, asked }).toEqual({ positions: [1, 2], asked: ['now', 'default/1'] });
  expect(breaks).toEqual([expect.stringContaining('it said nothing for 0.3 s')]);
});
