import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStasisError, messageOf, StasisError } from '@stasis/errors';
import type { PublicKey } from '@stasis/proof';
import { z } from 'zod';
import { makePrivate } from './agentConfig.ts';
import { lockContainer } from './containerLock.ts';
import { openNodeKeys } from './nodeKey.ts';

/** What enrolment gave the node: who it is to the fleet, and which keys of the api it believes from then on. */
export interface Enrolment {
  readonly node: string;
  readonly keyId: string;
  readonly apiKeys: readonly PublicKey[];
}

const enrolment = z.object({
  node: z.string(),
  keyId: z.string(),
  apiKeys: z.array(z.object({ keyId: z.string(), publicKey: z.string() })).min(1),
});

const enrolmentFile = (nodeDir: string): string => join(nodeDir, 'enrolment.json');
/** Where an api of the same home puts a token for the node. */
const tokenFile = (nodeDir: string): string => join(nodeDir, 'enrol.token');

/** Absent = the node has not enrolled. @throws StasisError ConfigInvalid for a file that is not what enrolment wrote */
export function readEnrolment(nodeDir: string): Enrolment | undefined {
  const file = enrolmentFile(nodeDir);
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const read = enrolment.safeParse(JSON.parse(text));
  if (read.success) return read.data;
  throw new StasisError('ConfigInvalid', `${file} is not the record of an enrolment`, {
    next: 'Remove it and enrol the node anew: `stasis node enrol NODE`.',
  });
}

/** Keeps what enrolment gave (0600). */
export function writeEnrolment(nodeDir: string, given: Enrolment): void {
  makePrivate(nodeDir);
  const file = enrolmentFile(nodeDir);
  writeFileSync(`${file}.new`, `${JSON.stringify(given, null, 2)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

export interface EnrolOptions {
  readonly node: string;
  readonly nodeDir: string;
  /** STASIS_ENROL_TOKEN; else the api of the same home puts one into the node's directory. */
  readonly token?: string;
  /** Gives the node's public key to the api. */
  readonly enrol: (body: { node: string; token: string; publicKey: string }) => Promise<Enrolment>;
  readonly log: (line: string) => void;
  readonly waitMs?: number;
}

/**
 * Enrols the node unless it is: makes its key and gives the public half to the api, with a one-time token. Both agents of a
 * node may call it at once; one of them does it.
 * @throws StasisError ConfigInvalid when no token came in time; what the api answered when it refused
 */
export async function ensureEnrolled(options: EnrolOptions): Promise<Enrolment> {
  const { node, nodeDir, waitMs = 60_000 } = options;
  const before = readEnrolment(nodeDir);
  if (before !== undefined) return before;
  const release = await lockContainer(makePrivate(nodeDir), 'node enrolment', waitMs);
  try {
    const done = readEnrolment(nodeDir);
    if (done !== undefined) return done;
    const { publicKey } = await openNodeKeys(nodeDir).current();
    const given = await untilAnswered(options, publicKey, performance.now() + waitMs);
    writeEnrolment(nodeDir, given);
    rmSync(tokenFile(nodeDir), { force: true });
    options.log(`node ${node} has enrolled with key ${given.keyId}`);
    return given;
  } finally {
    release();
  }
}

/** The api, and the token that it puts there, may come up after the agent. */
async function untilAnswered(options: EnrolOptions, publicKey: string, end: number): Promise<Enrolment> {
  const { node, nodeDir, enrol, log } = options;
  let said = '';
  for (;;) {
    const token = readIfThere(tokenFile(nodeDir))?.trim() ?? options.token;
    let why = `no token: set STASIS_ENROL_TOKEN to what \`stasis node enrol ${node}\` prints`;
    if (token !== undefined && token !== '')
      try {
        return await enrol({ node, token, publicKey });
      } catch (error) {
        if (!isStasisError(error) || !error.row.retryable) throw error;
        why = messageOf(error);
      }
    if (performance.now() > end) throw new StasisError('ConfigInvalid', `node "${node}" has not enrolled: ${why}`);
    if (why !== said) log(`waiting to enrol: ${why}`);
    said = why;
    await sleep(100);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
