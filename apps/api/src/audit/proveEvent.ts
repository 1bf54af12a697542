import { setTimeout as sleep } from 'node:timers/promises';
import { type AnswerOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { defaultLedger, leafOf } from '@stasis/events';
import {
  cosignaturesOf,
  getEventTexts,
  latestTreeHead,
  proveConsistency,
  proveInclusion,
  type SignedTreeHead,
} from '@stasis/ledger/postgres';
import { formatTlogProof, toBase64 } from '@stasis/proof';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { sendText, wantsText } from '../http/sendText.ts';
import type { Platform } from '../platform.ts';
import { eventNotFound } from './readEvents.ts';

const prove = routes.getProof;
const longestWaitMs = 2000;
const pollMs = 50;

/** GET /v1/audit/proof and /v1/audit/consistency. */
export const proveEvent = (platform: Platform): Implemented[] => [
  implement(prove, (call) => proof(platform, call)),
  implement(routes.getConsistency, async ({ query }) => {
    const { from, to, ledger = defaultLedger } = query;
    const hashes = await proveConsistency(platform.ledger.database, { ledger, from, to });
    return { from, to, hashes: hashes.map(toBase64) };
  }),
];

async function proof(platform: Platform, call: Call<typeof prove>): Promise<AnswerOf<typeof prove> | undefined> {
  const id = call.query.event;
  const { database } = platform.ledger;
  const found = await platform.ledger.findEvent(id);
  if (found === undefined) throw eventNotFound(id);
  const { ledger, position } = found;
  const { size, note } = await headWith(platform, ledger, position);
  const hashes = await proveInclusion(database, { ledger, position, treeSize: size });
  const treeHead = note + ((await cosignaturesOf(database, ledger, [size])).get(size) ?? '');
  const leaf = leafOf(found.event);
  call.reflects(ledger, size);
  if (wantsText(call, { otherwise: false }))
    return sendText(call, formatTlogProof({ extra: leaf, index: position - 1, hashes, treeHead }));
  const text = (await getEventTexts(database, [id])).get(id);
  return {
    event: id,
    leaf: toBase64(leaf),
    leafIndex: position - 1,
    treeSize: size,
    hashes: hashes.map(toBase64),
    treeHead,
    ...(text && { text: { text: text.text, salt: text.salt } }),
  };
}

/** The newest head, once it holds the position. @throws StasisError WaitTimedOut after 2 s. */
async function headWith(platform: Platform, ledger: string, position: number): Promise<SignedTreeHead> {
  const until = Date.now() + longestWaitMs;
  for (;;) {
    const signed = await latestTreeHead(platform.ledger.database, ledger);
    if (signed !== undefined && signed.size >= position) return signed;
    if (Date.now() > until)
      throw new StasisError('WaitTimedOut', `no tree head of ledger "${ledger}" holds position ${position} yet`, {
        next: 'Try again; one is signed at least once a second.',
      });
    await sleep(pollMs);
  }
}
