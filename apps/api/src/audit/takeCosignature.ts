import { type AnswerOf, routes } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import { cosignaturesOf, keepCosignature, treeHeadOfSize } from '@stasis/ledger/postgres';
import { openCosignatures } from '@stasis/proof';
import { type Call, implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { shownHead } from './shownHead.ts';

const route = routes.cosignTreeHead;

/** POST /v1/tree-heads/cosignatures: keeps what a configured witness says of a tree head. A second time changes nothing. */
export const takeCosignature = (platform: Platform): Implemented => implement(route, (call) => take(platform, call));

async function take(platform: Platform, { body }: Call<typeof route>): Promise<AnswerOf<typeof route>> {
  const { ledger, size, cosignature } = body;
  const { database } = platform.ledger;
  const head = await treeHeadOfSize(database, ledger, size);
  if (head === undefined)
    throw new StasisError('EventNotFound', `ledger "${ledger}" has no tree head of size ${size}`, {
      next: 'GET /v1/tree-heads lists those that there are.',
    });
  if (!/^[^\n]+\n$/.test(cosignature))
    throw new StasisError('BadRequest', 'a cosignature is one line that ends in a newline');
  const [known] = openCosignatures(head.note + cosignature, platform.settings.witnesses);
  if (known === undefined)
    throw new StasisError('NotAuthorised', 'the line is not of a witness that this api knows', {
      next: "Put the witness's key into STASIS_WITNESS_KEYS of the api.",
    });
  await keepCosignature(database, { ledger, size, witness: known.witness, line: cosignature });
  return shownHead(head.note + ((await cosignaturesOf(database, ledger, [size])).get(size) ?? ''));
}
