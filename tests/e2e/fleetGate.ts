import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands between a command and the api, and can take the api away at an exact moment. */
export interface FleetGate {
  readonly url: string;
  /** Answers nothing from here on. */
  shut(): void;
  open(): void;
  /** Shuts once a report with a fact of this type has been answered, and calls back. */
  afterFact(type: string, then: () => void): void;
  close(): Promise<void>;
}

export async function openGate(api: string): Promise<FleetGate> {
  let isShut = false;
  let watched: { type: string; then: () => void } | undefined;
  const server = createServer((incoming, outgoing) => {
    if (isShut) return void incoming.socket.destroy();
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks);
      const { method, headers } = incoming;
      const onward = request(`${api}${incoming.url ?? '/'}`, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        outgoing.once('finish', () => {
          if (watched === undefined || !body.includes(`"dev.stasis.${watched.type}.v1"`)) return;
          const { then } = watched;
          watched = undefined;
          isShut = true;
          then();
        });
      });
      onward.once('error', () => incoming.socket.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    shut: () => (isShut = true),
    open: () => (isShut = false),
    afterFact: (type, then) => (watched = { type, then }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
