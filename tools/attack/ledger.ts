import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isStasisError } from '@stasis/errors';
import {
  type LedgerDatabase,
  latestTreeHead,
  openPostgresLedger,
  proveConsistency,
  verifyLedger,
} from '@stasis/ledger/postgres';
import { judgeHead, openTreeHead, originOf, parseVerifierKey } from '@stasis/proof';
import pg from 'pg';
import { compareTreeHeads } from '../../apps/api/src/audit/compareTreeHeads.ts';
import { type HeadsDirectory, openHeadsDirectory } from '../../apps/api/src/audit/headsDirectory.ts';
import { verifyWithHeads } from '../../apps/api/src/audit/verifyWithHeads.ts';
import { type AttackCase, type Detector, ledgerCases } from './ledgerCases.ts';
import { type LiveLedger, startLiveLedger } from './liveLedger.ts';
import { tamperWith } from './tamper.ts';

const ledger = 'default';
const stretches = 6;
const livesInStretch = 10;

export interface AttackResult {
  readonly name: string;
  /** Position that verification named; absent = it found nothing. */
  readonly position?: number;
  readonly said: string;
  readonly by: readonly Detector[];
  /** Caught at the right position by each detector that must; for the control, that nothing was found. */
  readonly right: boolean;
}

/** What is known outside the database. */
interface Outside {
  readonly verifierKey: string;
  readonly directory: HeadsDirectory;
  /** The last head that a witness saw. */
  readonly seen: string;
}

/**
 * Makes a live ledger through the api's own append, with heads signed and copied while it grows, then falsifies a copy of
 * its database in each way that there is and verifies what came out.
 */
export async function attackLedger(): Promise<AttackResult[]> {
  const live = await startLiveLedger();
  try {
    const heads: number[] = [];
    for (let n = 0; n < stretches; n += 1) heads.push(await live.record(livesInStretch));
    const { ledgerKey } = live.api.api.platform;
    const verifierKey = ledgerKey.verifierKeyOf(ledger);
    const seen = (await latestTreeHead(live.api.api.platform.ledger.database, ledger))!.note;
    // Closed, it has copied every head, and the database can be copied.
    await live.api.api.close();
    const directory = openHeadsDirectory(path.join(live.api.home, 'tree-heads'));
    await readFile(path.join(directory.root, ledger, `${heads.at(-1)}.note`));
    const results: AttackResult[] = [];
    for (const attack of ledgerCases({ heads, privateKey: ledgerKey.privateKey }))
      results.push(await onCopy(live, attack, { verifierKey, directory, seen }));
    return results;
  } finally {
    await live.stop();
  }
}

async function onCopy(live: LiveLedger, attack: AttackCase, outside: Outside): Promise<AttackResult> {
  const source = new URL(live.databaseUrl);
  const name = `attack_${randomBytes(6).toString('hex')}`;
  const copy = Object.assign(new URL(source), { pathname: `/${name}` }).href;
  await statement(live.postgres.url, `create database ${name} template ${source.pathname.slice(1)}`);
  const opened = await openPostgresLedger({ connectionString: copy, connections: 3 });
  try {
    await tamperWith(copy, opened.database, attack.tamper);
    const { verifierKey, directory } = outside;
    const { firstBad } = await verifyWithHeads(opened.database, { ledger, verifierKey, directory });
    const by = await noticedBy(opened.database, outside);
    const right =
      firstBad?.position === attack.position &&
      attack.by.every((one) => by.includes(one)) &&
      (attack.position !== undefined || by.length === 0);
    return {
      name: attack.name,
      said: firstBad?.why ?? '',
      by,
      right,
      ...(firstBad && { position: firstBad.position }),
    };
  } finally {
    await opened.close();
  }
}

async function statement(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

/** Each detector by itself, so that none hides that another saw nothing. */
async function noticedBy(database: LedgerDatabase, outside: Outside): Promise<Detector[]> {
  const { verifierKey, directory } = outside;
  const rows = await verifyLedger(database, ledger);
  const heads = await compareTreeHeads(database, { ledger, verifierKey, directory, size: rows.size });
  const found: [Detector, boolean][] = [
    ['rows', rows.firstBad !== undefined],
    ['heads', heads.firstBad !== undefined],
    ['witness', await witnessShouts(database, outside)],
  ];
  return found.flatMap(([name, noticed]) => (noticed ? [name] : []));
}

/** What `stasis audit witness` does with what the database would make the api show. */
async function witnessShouts(database: LedgerDatabase, { verifierKey, seen }: Outside): Promise<boolean> {
  const open = (note: string) => openTreeHead(note, [parseVerifierKey(verifierKey)], originOf(ledger));
  try {
    const before = open(seen);
    const shown = open((await latestTreeHead(database, ledger))!.note);
    const sizes = { ledger, from: before.size, to: shown.size };
    const hashes = shown.size > before.size ? await proveConsistency(database, sizes) : [];
    return judgeHead(before, shown, hashes).fork;
  } catch (error) {
    if (isStasisError(error) && error.code === 'IntegrityMismatch') return true;
    throw error;
  }
}

/** `npm run attack -- ledger`. @returns 0 only when every case was caught at the right position. */
export async function run(): Promise<number> {
  console.error('making a ledger of 420 events with its heads, then a falsified copy of it for each case');
  const results = await attackLedger();
  const width = Math.max(...results.map(({ name }) => name.length));
  for (const { name, position, said, by, right } of results) {
    const where = position === undefined ? 'nothing found' : `position ${position}, noticed by ${by.join(', ')}`;
    console.log(`${right ? 'ok   ' : 'WRONG'} ${name.padEnd(width)}  ${where}`);
    if (said !== '') console.log(`      ${said}`);
  }
  const wrong = results.filter(({ right }) => !right).length;
  console.log(`${results.length - wrong} of ${results.length} cases as they must be`);
  return wrong === 0 ? 0 : 1;
}
