import type { Client } from '@stasis/api-contract';
import { keyIdOf, parseVerifierKey, type ProofDocument, proofDocumentOf } from '@stasis/proof';

/**
 * The proof of one event, as the file of `stasis audit prove` holds it.
 * @throws StasisError EventNotFound; WaitTimedOut when no tree head holds the event yet.
 */
export const fetchProof = async (client: Client, event: string): Promise<ProofDocument> => {
  const answer = await client.getProof({ query: { event } });
  const ledger = /^stasis\/(.+)$/m.exec(answer.treeHead)?.[1];
  const key = await client.treeHeadKey({ query: ledger === undefined ? {} : { ledger } });
  return proofDocumentOf(answer, keyIdOf(parseVerifierKey(key)));
};

/** The text of a proof file in its JSON form, docs/formats/proof.md. */
export const proofText = (proof: ProofDocument): string => `${JSON.stringify(proof, null, 2)}\n`;
