import { systemLedger } from '@stasis/events';
import type { NodeView } from '@stasis/lifecycle';
import type { Sql } from '../database.ts';
import { type Found, type Page, type PageOptions, viewById, viewPage } from './viewPage.ts';

export interface NodeFilter extends PageOptions {
  /** `joined` = at least one of its agents is. */
  readonly status?: 'joined' | 'lost' | 'enrolled';
}

export const getNode = (sql: Sql, name: string, ledger = systemLedger): Promise<Found<NodeView>> =>
  viewById(sql, 'node', ledger, name);

/** The node that joined last first; `position` is that of the system ledger. */
export const listNodes = (sql: Sql, filter: NodeFilter = {}): Promise<Page<NodeView>> => {
  const { ledger = systemLedger, status } = filter;
  return viewPage(sql, 'node', ledger, { status }, filter);
};
