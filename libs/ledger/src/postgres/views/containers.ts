import { defaultLedger } from '@stasis/events';
import type { ContainerView } from '@stasis/lifecycle';
import type { Sql } from '../database.ts';
import { type Found, type Page, type PageOptions, viewById, viewPage } from './viewPage.ts';

export interface ContainerFilter extends PageOptions {
  readonly node?: string;
  /** The bare name, on whatever node. */
  readonly name?: string;
  readonly status?: ContainerView['status'];
}

/** By `<node>/<name>`. */
export const getContainer = (sql: Sql, ref: string, ledger = defaultLedger): Promise<Found<ContainerView>> =>
  viewById(sql, 'container', ledger, ref);

/** Last seen for the first time first, `gone` ones included unless `status` says otherwise. */
export const listContainers = (sql: Sql, filter: ContainerFilter = {}): Promise<Page<ContainerView>> => {
  const { ledger = defaultLedger, node, name, status } = filter;
  return viewPage(sql, 'container', ledger, { node, name, status }, filter);
};
