import { type AnswerOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { defaultLedger } from '@stasis/events';
import { cosignaturesOf, latestTreeHead, listTreeHeads } from '@stasis/ledger/postgres';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import { sendText, wantsText } from '../http/sendText.ts';
import type { Platform } from '../platform.ts';
import { shownHead } from './shownHead.ts';
import { takeCosignature } from './takeCosignature.ts';

const head = routes.latestTreeHead;
const list = routes.listTreeHeads;

/** GET /v1/tree-heads, /latest and /key, and POST /v1/tree-heads/cosignatures. */
export const treeHeads = (platform: Platform): Implemented[] => [
  implement(head, (call) => latest(platform, call)),
  implement(list, (call) => page(platform, call)),
  implement(
    routes.treeHeadKey,
    async ({ query }) => `${platform.ledgerKey.verifierKeyOf(query.ledger ?? defaultLedger)}\n`,
  ),
  takeCosignature(platform),
];

async function latest(platform: Platform, call: Call<typeof head>): Promise<AnswerOf<typeof head> | undefined> {
  const { ledger = defaultLedger } = call.query;
  const { database } = platform.ledger;
  const signed = await latestTreeHead(database, ledger);
  if (signed === undefined) throw noHead(ledger);
  const note = signed.note + ((await cosignaturesOf(database, ledger, [signed.size])).get(signed.size) ?? '');
  call.reflects(ledger, signed.size);
  // Who does not say what it wants is given the note, as other logs do.
  return wantsText(call, { otherwise: true }) ? sendText(call, note) : shownHead(note);
}

async function page(platform: Platform, call: Call<typeof list>): Promise<AnswerOf<typeof list>> {
  const { ledger = defaultLedger, after, limit } = call.query;
  const { database } = platform.ledger;
  const found = await listTreeHeads(database, ledger, { after, limit: limit + 1 });
  const heads = found.slice(0, limit);
  const lines = await cosignaturesOf(
    database,
    ledger,
    heads.map(({ size }) => size),
  );
  const position = platform.heads.get(ledger);
  call.reflects(ledger, position);
  return {
    items: heads.map(({ size, note }) => shownHead(note + (lines.get(size) ?? ''))),
    next: found.length > limit ? String(heads.at(-1)?.size) : null,
    position,
  };
}

const noHead = (ledger: string): StasisError =>
  new StasisError('EventNotFound', `ledger "${ledger}" has no tree head yet`, { next: 'Try again in a second.' });
