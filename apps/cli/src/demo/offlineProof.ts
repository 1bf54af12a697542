import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fromBase64, type ProofDocument, proofDocumentOf, type ProofVerdict, toBase64 } from '@stasis/proof';
import { StasisError } from '@stasis/errors';
import { fetchProof, proofText } from '../fetchProof.ts';
import type { Session } from '../session.ts';
import { checkProofFile } from '../verifyProofFile.ts';
import { nodes } from './options.ts';

/** Files in the home: the proof of one event, the ledger's key, and a proof that somebody has changed. */
export interface ProofFiles {
  readonly event: string;
  readonly proof: string;
  readonly key: string;
  readonly forged: string;
}

export interface OfflineVerdicts {
  readonly proof: ProofVerdict;
  readonly forged: ProofVerdict;
}

/** What `stasis audit prove` writes, and beside it a copy that blames the other node, its leaf hash made to fit. */
export const writeProofFiles = async ({ client }: Session, home: string, event: string): Promise<ProofFiles> => {
  const document = await fetchProof(client, event);
  const [proof, key, forged] = ['restore.proof', 'ledger.pub', 'forged.proof'].map((name) => path.join(home, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(proof, proofText(document));
  await writeFile(key, await client.treeHeadKey());
  await writeFile(forged, proofText(blameOther(document)));
  return { event, proof, key, forged };
};

/** Checks both as `stasis audit verify FILE --key KEY` does; no server is asked. */
export const checkOffline = async ({ proof, forged, key }: ProofFiles): Promise<OfflineVerdicts> => ({
  proof: await checkProofFile(proof, { key, witness: [] }),
  forged: await checkProofFile(forged, { key, witness: [] }),
});

const blameOther = (document: ProofDocument): ProofDocument => {
  const leaf = Buffer.from(fromBase64(document.leaf) ?? []).toString('utf8');
  const changed = leaf.replaceAll(nodes[1], nodes[0]);
  if (changed === leaf) throw new StasisError('Internal', `the leaf of the restore does not name ${nodes[1]}`);
  return proofDocumentOf({ ...document, leaf: toBase64(Buffer.from(changed)) }, document.keyId);
};
