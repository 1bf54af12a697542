import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export interface FakeApi {
  readonly url: string;
  readonly asked: readonly Asked[];
  close(): Promise<void>;
}

/** What is answered: a status and a JSON body, or nothing (then it is a 404 problem). */
export type Answer = { readonly status: number; readonly body: unknown } | undefined;

/** An HTTP server that answers as told, for tests of what the client parses and prints; it decides nothing itself. */
export const startFakeApi = async (answer: (asked: Asked) => Answer): Promise<FakeApi> => {
  const asked: Asked[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const one: Asked = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    asked.push(one);
    const { status, body } = answer(one) ?? problem(404, 'RouteNotFound', `nothing at ${one.path}`);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

export const problem = (status: number, code: string, detail: string): { status: number; body: object } => ({
  status,
  body: { type: `urn:stasis:problem:${code}`, title: code, status, detail, code, next: 'Do better.', details: [] },
});
