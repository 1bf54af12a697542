import type { Client } from '@stasis/api-contract';
import { StasisError } from '@stasis/errors';
import {
  cosign,
  fromBase64,
  judgeHead,
  type NoteSigner,
  type NoteVerifier,
  openTreeHead,
  originOf,
  parseVerifierKey,
  type TreeHead,
} from '@stasis/proof';
import type { WitnessState } from './witnessState.ts';

export interface Witnessing {
  readonly client: Client;
  readonly state: WitnessState;
  readonly signer: NoteSigner;
  readonly now: () => Date;
}

export interface Witnessed {
  readonly ledger: string;
  readonly size: number;
  /** Size of the head before; absent = this was the first. */
  readonly after?: number;
  /** Seconds since 1970: the time in the cosignature. */
  readonly time: number;
}

/**
 * Looks at the newest tree head of a ledger once: opens it with the key that was seen first, holds it to the last head
 * seen, remembers it, and only then cosigns it and hands the cosignature in.
 * @param handedIn size of the head that was cosigned last: an unchanged one is left alone.
 * @throws StasisError LedgerForked with both heads kept as evidence; IntegrityMismatch when the key did not sign;
 * whatever the api answers.
 */
export const witnessLedger = async (
  parts: Witnessing,
  ledger: string,
  handedIn?: number,
): Promise<Witnessed | undefined> => {
  const { client, state, signer, now } = parts;
  const key = await keyOf(parts, ledger);
  const { treeHead: note } = await client.latestTreeHead({ query: { ledger } });
  const shown = openTreeHead(note, [key], originOf(ledger));
  const last = state.last.read();
  const seen = last === undefined ? undefined : openTreeHead(last, [key], originOf(ledger));
  if (last !== undefined && seen !== undefined) {
    const judged = judgeHead(seen, shown, await proofOf(client, ledger, seen, shown));
    if (judged.fork) throw forked(parts, { ledger, why: judged.why, seen: last, shown: note });
  }
  if (shown.size !== seen?.size) state.last.write(note);
  if (shown.size === handedIn) return undefined;
  const time = Math.floor(now().getTime() / 1000);
  const cosignature = cosign(note, signer, time);
  await client.cosignTreeHead({ body: { ledger, size: shown.size, cosignature } });
  return { ledger, size: shown.size, ...(seen !== undefined && { after: seen.size }), time };
};

/** The key of the ledger as it was seen first; another one later is a fork of its own. */
const keyOf = async ({ client, state }: Witnessing, ledger: string): Promise<NoteVerifier> => {
  const shown = (await client.treeHeadKey({ query: { ledger } })).trim();
  const key = parseVerifierKey(shown);
  const pinned = state.key.read()?.trim();
  if (pinned === undefined) state.key.write(`${shown}\n`);
  else if (pinned !== shown)
    throw new StasisError(
      'LedgerForked',
      `ledger "${ledger}" shows another key now (${shown}) than at first (${pinned})`,
      {
        next: 'Ask its owner why, by another way. Only then remove key.pub from the state of the witness.',
      },
    );
  return key;
};

const proofOf = async (client: Client, ledger: string, seen: TreeHead, shown: TreeHead): Promise<Uint8Array[]> => {
  if (shown.size <= seen.size || seen.size === 0) return [];
  const { hashes } = await client.getConsistency({ query: { ledger, from: seen.size, to: shown.size } });
  // What is not base64 proves nothing: the check then fails.
  return hashes.map((hash) => fromBase64(hash) ?? new Uint8Array());
};

const forked = (
  { state, now }: Witnessing,
  { ledger, why, seen, shown }: { ledger: string; why: string; seen: string; shown: string },
): StasisError => {
  const evidence = state.keepEvidence(seen, shown, now());
  return new StasisError('LedgerForked', `FORK of ledger "${ledger}": the tree head shown is refused: ${why}`, {
    next: `Both heads are in ${evidence}. Tell whoever relies on this ledger.`,
  });
};
