import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

/** Whether something listens on a port of this machine's loopback. */
export const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

/** A port that nobody listens on. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });

type PortName = 'postgres' | 'kafka' | 'kafkaController' | 'api';

const file = (home: string): string => path.join(home, 'ports.json');

const kept = (home: string): Partial<Record<PortName, number>> => {
  try {
    return JSON.parse(readFileSync(file(home), 'utf8')) as Partial<Record<PortName, number>>;
  } catch {
    return {};
  }
};

/**
 * The port that this home uses for `name`: the one of last time, unless another program took it meanwhile; then a free
 * one, kept for next time. `ours` says that whoever listens there is what this home left running.
 */
export const portFor = async (home: string, name: PortName, ours = false): Promise<number> => {
  const before = kept(home)[name];
  if (before !== undefined && (ours || !(await isListening(before)))) return before;
  const port = await freePort();
  mkdirSync(home, { recursive: true });
  writeFileSync(file(home), JSON.stringify({ ...kept(home), [name]: port }, null, 2));
  return port;
};
