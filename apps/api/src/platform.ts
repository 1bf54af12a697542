import type { Bus } from '@stasis/bus';
import type { PostgresLedger } from '@stasis/ledger/postgres';
import type { Access } from './access/access.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Heartbeats } from './nodes/heartbeats.ts';
import type { KnownHeads } from './http/knownHeads.ts';
import type { Settings } from './settings.ts';
import type { HeadsDirectory } from './audit/headsDirectory.ts';
import type { TreeHeadKeeper } from './audit/keepTreeHeads.ts';
import type { LedgerKey } from './audit/ledgerKey.ts';
import type { RequestSigner } from './signatures/requestSigner.ts';

/** What every use case is given. */
export interface Platform {
  readonly settings: Settings;
  readonly ledger: PostgresLedger;
  readonly bus: Bus;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly heads: KnownHeads;
  readonly heartbeats: Heartbeats;
  readonly access: Access;
  readonly ledgerKey: LedgerKey;
  readonly signer: RequestSigner;
  /** The copies of the tree heads outside the database, and what keeps them. */
  readonly headsDirectory: HeadsDirectory;
  readonly headKeeper: TreeHeadKeeper;
  /** Differs at each start. */
  readonly instance: string;
  readonly startedAt: Date;
  /** Aborts when the api stops: open event streams end, so that what is under way can be answered and nothing waits. */
  readonly closing: AbortController;
}
