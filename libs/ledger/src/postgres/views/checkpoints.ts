import { defaultLedger } from '@stasis/events';
import type { CheckpointPhase, CheckpointView } from '@stasis/lifecycle';
import type { Sql } from '../database.ts';
import { type Found, type Page, type PageOptions, viewById, viewPage } from './viewPage.ts';

export interface CheckpointFilter extends PageOptions {
  /** `<node>/<name>`. */
  readonly container?: string;
  readonly node?: string;
  readonly phase?: CheckpointPhase;
}

export const getCheckpoint = (sql: Sql, id: string, ledger = defaultLedger): Promise<Found<CheckpointView>> =>
  viewById(sql, 'checkpoint', ledger, id);

/** Newest request first. */
export const listCheckpoints = (sql: Sql, filter: CheckpointFilter = {}): Promise<Page<CheckpointView>> => {
  const { ledger = defaultLedger, container, node, phase } = filter;
  return viewPage(sql, 'checkpoint', ledger, { container, node, phase }, filter);
};
