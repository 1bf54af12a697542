import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isSameProcess, processFacts } from '@stasis/runtime';

/** A fact as it goes to `POST /v1/reports`. */
export interface ToldFact {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly data: unknown;
}

interface Owner {
  readonly server: string;
  readonly pid: number;
  readonly startTicks: string;
}

/**
 * Facts of one command that the fleet has not recorded yet: JSON lines, first whose they are. They are on disk before
 * they are sent, so that a killed command loses none; the next command sends what it left.
 */
export interface FactFile {
  readonly path: string;
  /** On disk when it returns. */
  add(fact: ToldFact): void;
  /** Every fact is recorded: the file goes. Idempotent. */
  remove(): void;
}

const directoryOf = (nodeDir: string): string => join(nodeDir, 'reports');

/** Makes the file (0600) under the node's directory. */
export function openFactFile(nodeDir: string, server: string): FactFile {
  const directory = directoryOf(nodeDir);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `${randomUUID()}.jsonl`);
  const file = openSync(path, 'ax', 0o600);
  const write = (line: object): void => {
    writeSync(file, `${JSON.stringify(line)}\n`);
    fsyncSync(file);
  };
  const startTicks = processFacts(process.pid)?.startTicks ?? '0';
  write({ server, pid: process.pid, startTicks } satisfies Owner);
  let isOpen = true;
  return {
    path,
    add: write,
    remove: () => {
      if (isOpen) closeSync(file);
      isOpen = false;
      rmSync(path, { force: true });
    },
  };
}

/** What commands that have ended left for this server, each file with its facts in order. */
export function leftFactFiles(nodeDir: string, server: string): { path: string; facts: ToldFact[] }[] {
  return namesIn(directoryOf(nodeDir)).flatMap((name) => {
    const path = join(directoryOf(nodeDir), name);
    const [first = '', ...lines] = readFileSync(path, 'utf8').split('\n');
    // A line without its end was cut short when the power went; nobody has acted on it.
    const complete = lines.slice(0, -1).map((line) => JSON.parse(line) as ToldFact);
    const owner = (first === '' ? {} : JSON.parse(first)) as Partial<Owner>;
    const isOpen = owner.pid !== undefined && isSameProcess(owner.pid, owner.startTicks ?? '');
    return owner.server !== server || isOpen ? [] : [{ path, facts: complete }];
  });
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
