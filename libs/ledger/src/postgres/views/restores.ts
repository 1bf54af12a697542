import { defaultLedger } from '@stasis/events';
import type { RestorePhase, RestoreView } from '@stasis/lifecycle';
import type { Sql } from '../database.ts';
import { type Found, type Page, type PageOptions, viewById, viewPage } from './viewPage.ts';

export interface RestoreFilter extends PageOptions {
  readonly checkpoint?: string;
  /** `<node>/<name>` of the container that the restore makes. */
  readonly container?: string;
  readonly node?: string;
  readonly phase?: RestorePhase;
}

export const getRestore = (sql: Sql, id: string, ledger = defaultLedger): Promise<Found<RestoreView>> =>
  viewById(sql, 'restore', ledger, id);

/** Newest request first. */
export const listRestores = (sql: Sql, filter: RestoreFilter = {}): Promise<Page<RestoreView>> => {
  const { ledger = defaultLedger, checkpoint, container, node, phase } = filter;
  return viewPage(sql, 'restore', ledger, { checkpoint, container, node, phase }, filter);
};
