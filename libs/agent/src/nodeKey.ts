import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { factBytes, type StasisEvent } from '@stasis/events';
import { newPrivateKey, open, readKeyRing, type SigningKey, signingKeyOf, writeKeyRing } from '@stasis/proof';
import { makePrivate } from './agentConfig.ts';

/** The key that both agents of a node share. A re-key is seen at the next use. */
export interface NodeKeyring {
  /** The key that signs now. */
  current(): Promise<SigningKey>;
  /** The fact with the node's signature on it. */
  sign(fact: StasisEvent): Promise<StasisEvent>;
  /** Opens what was sealed for the node. @throws StasisError IntegrityMismatch when no key of it fits */
  open(keyId: string, box: string, context: string): Promise<Uint8Array>;
}

export const nodeKeyFile = (nodeDir: string): string => join(nodeDir, 'node.key');

/**
 * The node's keys in `<nodeDir>/node.key` (0600), newest last; the first use makes one, whichever agent comes first.
 * @throws StasisError ConfigInvalid when the file holds something else
 */
export function openNodeKeys(nodeDir: string): NodeKeyring {
  const file = nodeKeyFile(nodeDir);
  ensureKey(nodeDir, file);
  let read: { readonly version: string; readonly keys: Promise<SigningKey[]> } | undefined;
  const keys = (): Promise<SigningKey[]> => {
    const { mtimeMs, ino, size } = statSync(file);
    const version = `${mtimeMs} ${ino} ${size}`;
    if (read?.version !== version) read = { version, keys: readKeys(file) };
    return read.keys;
  };
  const current = async (): Promise<SigningKey> => newest(await keys());
  return {
    current,
    sign: async (fact) => {
      const { keyId, sign } = await current();
      const told: StasisEvent = { ...fact, nodekeyid: keyId };
      return { ...told, nodesignature: await sign(factBytes(told)) };
    },
    open: async (keyId, box, context) => {
      const all = await keys();
      return open((all.find((key) => key.keyId === keyId) ?? newest(all)).seed, box, context);
    },
  };
}

/**
 * Gives the node a next key: `tell` says so to the api, signed by the key before; only then is it used. One that an
 * earlier try made and that the api may know already is told again.
 */
export async function rekeyNode(
  nodeDir: string,
  tell: (old: SigningKey, next: SigningKey) => Promise<void>,
): Promise<SigningKey> {
  const file = nodeKeyFile(nodeDir);
  const waiting = `${file}.next`;
  const keys = await readKeys(file);
  writeOnce(waiting, writeKeyRing([newPrivateKey()]));
  const next = newest(await readKeys(waiting));
  await tell(newest(keys), next);
  writeFileSync(`${file}.new`, writeKeyRing([...keys, next].map(({ seed }) => seed)), { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
  rmSync(waiting);
  return next;
}

function ensureKey(nodeDir: string, file: string): void {
  makePrivate(nodeDir);
  writeOnce(file, writeKeyRing([newPrivateKey()]));
}

/** Writes a file that only this user can read, whole or not at all; one that exists stays as it is. */
export function writeOnce(file: string, content: string): void {
  const aside = `${file}.${randomUUID()}`;
  writeFileSync(aside, content, { flag: 'wx', mode: 0o600, flush: true });
  try {
    linkSync(aside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside);
  }
}

const readKeys = (file: string): Promise<SigningKey[]> =>
  Promise.all(readKeyRing(readFileSync(file, 'utf8'), file).map(signingKeyOf));

/** A key file holds at least one. */
const newest = (keys: readonly SigningKey[]): SigningKey => keys.at(-1)!;
