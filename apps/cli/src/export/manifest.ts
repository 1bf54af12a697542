import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, exportManifest, type ExportManifest } from '@stasis/api-contract';
import { messageOf, StasisError } from '@stasis/errors';
import { fromBase64, openTreeHead, originOf, parseVerifierKey, type TreeHead, verifyConsistency } from '@stasis/proof';
import type { Written } from './writeExport.ts';

/** @throws StasisError Usage when the file is not there or not a manifest. */
export async function readManifest(file: string): Promise<ExportManifest> {
  try {
    return exportManifest.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (error) {
    throw new StasisError('Usage', `${file} is not the manifest of an export: ${messageOf(error).split('\n')[0]}`, {
      next: 'Give the manifest.json of an earlier export.',
    });
  }
}

export interface Made {
  readonly ledger: string;
  readonly filter: Readonly<Record<string, unknown>>;
  readonly file: string;
  readonly format: ExportManifest['format'];
  readonly after: number;
  readonly written: Written;
  readonly previous: ExportManifest | undefined;
}

/** @throws StasisError IntegrityMismatch when the ledger of the previous export is not the beginning of this one. */
export async function manifestOf(client: Client, made: Made): Promise<ExportManifest> {
  const { ledger, filter, file, format, after, written, previous } = made;
  const { rows, bytes, sha256, read, upTo, part } = written;
  const verifierKey = (await client.treeHeadKey({ query: { ledger } })).trim();
  const { head, note } = await headCovering(client, ledger, verifierKey, upTo);
  return {
    kind: 'stasis-export/1',
    ledger,
    filter: { ...filter },
    file,
    format,
    rows,
    bytes,
    sha256,
    range: { after, upTo },
    read,
    exported: part.event,
    treeHead: note,
    verifierKey,
    ...(previous && { previous: await linkTo(client, previous, ledger, head, after) }),
  };
}

const open = (ledger: string, note: string, key: string): TreeHead =>
  openTreeHead(note, [parseVerifierKey(key)], originOf(ledger));

/** Heads are signed about once a second. @throws StasisError WaitTimedOut */
async function headCovering(
  client: Client,
  ledger: string,
  key: string,
  position: number,
): Promise<{ readonly head: TreeHead; readonly note: string }> {
  for (const end = Date.now() + 10_000; ;) {
    const { treeHead: note } = await client.latestTreeHead({ query: { ledger } });
    const head = open(ledger, note, key);
    if (head.size >= position) return { head, note };
    if (Date.now() > end)
      throw new StasisError('WaitTimedOut', `no tree head of ledger "${ledger}" covers position ${position} yet`);
    await sleep(250);
  }
}

async function linkTo(
  client: Client,
  previous: ExportManifest,
  ledger: string,
  head: TreeHead,
  after: number,
): Promise<NonNullable<ExportManifest['previous']>> {
  if (previous.ledger !== ledger)
    throw new StasisError('Usage', `the previous export is of ledger "${previous.ledger}", this one of "${ledger}"`);
  const then = open(ledger, previous.treeHead, previous.verifierKey);
  const { hashes } = await client.getConsistency({ query: { ledger, from: then.size, to: head.size } });
  const claim = { fromSize: then.size, toSize: head.size, fromRoot: then.root, toRoot: head.root };
  if (!verifyConsistency({ ...claim, hashes: hashes.map((hash) => fromBase64(hash) ?? new Uint8Array()) }))
    throw new StasisError(
      'IntegrityMismatch',
      `the ledger of the previous export (${then.size} events) was rewritten`,
      {
        next: 'Keep both exports and run `stasis audit verify`.',
      },
    );
  const missing = Math.max(0, after - previous.range.upTo);
  return { upTo: previous.range.upTo, treeSize: then.size, consistency: [...hashes], missing };
}
