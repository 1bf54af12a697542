import { join } from 'node:path';
import { parentPort } from 'node:worker_threads';
import { isStasisError } from '@stasis/errors';
import { Assemble } from './assemble.ts';
import { loadFingerprints } from './fingerprintBlocks.ts';
import { FrameReader } from './frameReader.ts';
import type { FrameTable } from './frameTable.ts';
import type { WholeFrame } from './imageBody.ts';
import { Ingest, type IngestFile, type IngestPlan } from './ingest.ts';
import { movable } from './memory.ts';
import type { Answer, Failure, Question } from './workerMessages.ts';

/** What goes on in this thread, by session: a put or a reading of one image. */
const ingests = new Map<number, Ingest>();
const assembles = new Map<number, Assemble>();

const ingest = (session: number): Ingest => present(ingests.get(session));
const assemble = (session: number): Assemble => present(assembles.get(session));

const calls = {
  loadFingerprints: (_: number, plan: IngestPlan, table: FrameTable, packs: string) =>
    loadFingerprints(plan.index, table, (id) => join(packs, id)),
  beginIngest: (session: number, plan: IngestPlan, parent: FrameTable | undefined, packs: string) => {
    const reader = parent && new FrameReader(parent, (id) => join(packs, id));
    ingests.set(session, new Ingest(plan, reader));
  },
  openFile: (session: number, file: IngestFile) => ingest(session).openFile(file),
  hashFile: (session: number, start: number, length: number) => ingest(session).hash(start, length),
  fileDigest: (session: number) => ingest(session).digest(),
  filePiece: (session: number, start: number, length: number) => ingest(session).piece(start, length),
  filePages: (session: number, first: number, count: number) => ingest(session).pages(first, count),
  flush: (session: number) => ingest(session).flush(),
  endIngest: (session: number) => {
    ingests.get(session)?.end();
    ingests.delete(session);
  },
  beginAssemble: (session: number, table: FrameTable, packs: string) =>
    void assembles.set(session, new Assemble(table, (id) => join(packs, id))),
  pages: (session: number, ordinals: Int32Array, out: SharedArrayBuffer) => assemble(session).pages(ordinals, out),
  whole: (session: number, frames: readonly WholeFrame[], out: SharedArrayBuffer) =>
    assemble(session).whole(frames, out),
  hash: (session: number, bytes: SharedArrayBuffer, length: number) => assemble(session).hash(bytes, length),
  digest: (session: number) => assemble(session).digest(),
  endAssemble: (session: number) => {
    assembles.get(session)?.close();
    assembles.delete(session);
  },
};

export type Calls = typeof calls;

parentPort?.on('message', ({ ask, name, args }: Question) => {
  let answer: Answer;
  let moves: ArrayBuffer[] = [];
  try {
    const call = calls[name as keyof Calls] as (...all: unknown[]) => unknown;
    const value = call(...args);
    answer = { ask, value };
    moves = memoryOf(value);
  } catch (error) {
    answer = { ask, failure: failureOf(error) };
  }
  parentPort?.postMessage(answer, moves);
});

/** What was packed goes to the main thread without a copy. */
const memoryOf = (value: unknown): ArrayBuffer[] =>
  [value].flat().flatMap((one) => (isPacked(one) ? movable(one.stored) : []));

const isPacked = (value: unknown): value is { readonly stored: Uint8Array } =>
  typeof value === 'object' && value !== null && 'stored' in value && value.stored instanceof Uint8Array;

/** An error loses its class on its way out of a thread; what it says does not. */
function failureOf(error: unknown): Failure {
  if (isStasisError(error)) {
    const { code, message, next, details } = error;
    return { stasis: code, message, details, ...(next !== undefined && { next }) };
  }
  const { message, code, syscall, path } = error as NodeJS.ErrnoException;
  return { message, system: { code, syscall, path } };
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the session has ended');
  return value;
}
