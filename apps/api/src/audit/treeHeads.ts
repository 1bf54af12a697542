import { setTimeout as sleep } from 'node:timers/promises';
import { type AnswerOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { defaultLedger, leafOf } from '@stasis/events';
import {
  getEventTexts,
  latestTreeHead,
  proveConsistency,
  proveInclusion,
  type SignedTreeHead,
} from '@stasis/ledger/postgres';
import { originOf, toBase64 } from '@stasis/proof';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { eventNotFound } from './readEvents.ts';

const head = routes.latestTreeHead;
const prove = routes.getProof;
const consistency = routes.getConsistency;
const longestWaitMs = 2000;
const pollMs = 50;

/** GET /v1/tree-heads/latest and /key, /v1/audit/proof and /consistency. */
export const treeHeads = (platform: Platform): Implemented[] => [
  implement(head, (call) => latest(platform, call)),
  implement(
    routes.treeHeadKey,
    async ({ query }) => `${platform.ledgerKey.verifierKeyOf(query.ledger ?? defaultLedger)}\n`,
  ),
  implement(prove, (call) => proof(platform, call)),
  implement(consistency, async ({ query }) => {
    const { from, to, ledger = defaultLedger } = query;
    const hashes = await proveConsistency(platform.ledger.database, { ledger, from, to });
    return { from, to, hashes: hashes.map(toBase64) };
  }),
];

async function latest(platform: Platform, call: Call<typeof head>): Promise<AnswerOf<typeof head> | undefined> {
  const { ledger = defaultLedger } = call.query;
  const signed = await latestTreeHead(platform.ledger.database, ledger);
  if (signed === undefined) throw noHead(ledger);
  call.reflects(ledger, signed.size);
  if (call.request.headers.accept?.includes('application/json') !== true) {
    void call.reply
      .type('text/plain; charset=utf-8')
      .serializer((note: unknown) => String(note))
      .send(signed.note);
    return undefined;
  }
  return { origin: originOf(ledger), size: signed.size, root: toBase64(signed.root), treeHead: signed.note };
}

async function proof(platform: Platform, call: Call<typeof prove>): Promise<AnswerOf<typeof prove>> {
  const id = call.query.event;
  const { database } = platform.ledger;
  const found = await platform.ledger.findEvent(id);
  if (found === undefined) throw eventNotFound(id);
  const { ledger, position } = found;
  const signed = await headWith(platform, ledger, position);
  const hashes = await proveInclusion(database, { ledger, position, treeSize: signed.size });
  const text = (await getEventTexts(database, [id])).get(id);
  call.reflects(ledger, signed.size);
  return {
    event: id,
    leaf: toBase64(leafOf(found.event)),
    leafIndex: position - 1,
    treeSize: signed.size,
    hashes: hashes.map(toBase64),
    treeHead: signed.note,
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

const noHead = (ledger: string): StasisError =>
  new StasisError('EventNotFound', `ledger "${ledger}" has no tree head yet`, { next: 'Try again in a second.' });
