import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseName } from '@stasis/container';
import { StasisError } from '@stasis/errors';

/** Where a node keeps what a container writes. */
export const logFileOf = (home: string, node: string, name: string): string =>
  path.join(home, 'nodes', node, 'logs', `${name}.log`);

/**
 * The log of a container on this machine.
 * @throws StasisError ContainerNotFound, AmbiguousName with the candidates, BadRequest.
 */
export const findLog = (home: string, text: string, onNode?: string): { file: string; container: string } => {
  const { node = onNode, id } = parseName(text);
  const nodes = node === undefined ? nodesIn(home) : [node];
  const found = nodes.filter((one) => existsSync(logFileOf(home, one, id)));
  const [first] = found;
  if (first === undefined)
    throw new StasisError('ContainerNotFound', `no log of "${text}" in ${path.join(home, 'nodes')}`, {
      next: 'Logs are on the machine of their node, for containers that Stasis started or restored; see `stasis ps`.',
    });
  if (found.length > 1)
    throw new StasisError('AmbiguousName', `${found.length} nodes here have a log of "${id}"`, {
      next: 'Give <node>/<name> or --node.',
      details: found.map((one) => ({ message: `${one}/${id}` })),
    });
  return { file: logFileOf(home, first, id), container: `${first}/${id}` };
};

const nodesIn = (home: string): string[] => {
  const nodes = path.join(home, 'nodes');
  return existsSync(nodes) ? readdirSync(nodes) : [];
};

/** The whole lines of a file, and how many bytes they are: where to go on reading. */
export const readLines = (file: string): { lines: string[]; size: number } => {
  const buffer = readFileSync(file);
  const size = buffer.lastIndexOf(0x0a) + 1;
  return { lines: size === 0 ? [] : buffer.toString('utf8', 0, size - 1).split('\n'), size };
};

const lookEveryMs = 100;

/** The lines that come after `from` bytes, until `signal`. A file that was cut short is read from its start. */
export async function* followFile(file: string, from: number, signal: AbortSignal): AsyncGenerator<string> {
  let at = from;
  let rest = Buffer.alloc(0);
  while (!signal.aborted) {
    const fd = openSync(file, 'r');
    try {
      const { size } = fstatSync(fd);
      if (size < at) [at, rest] = [0, Buffer.alloc(0)];
      const fresh = Buffer.alloc(size - at);
      at += readSync(fd, fresh, 0, fresh.length, at);
      rest = Buffer.concat([rest, fresh]);
    } finally {
      closeSync(fd);
    }
    const end = rest.lastIndexOf(0x0a);
    if (end >= 0) {
      const lines = rest.toString('utf8', 0, end).split('\n');
      rest = rest.subarray(end + 1);
      yield* lines;
    }
    await sleep(lookEveryMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}
