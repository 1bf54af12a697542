import { pathOf, routes, type RouteName } from '@stasis/api-contract';
import type { Session } from './session.ts';

/** What `--dry-run` prints in the place of a call. */
export const printRequest = (
  { printer }: Session,
  name: RouteName,
  call: { readonly params?: Readonly<Record<string, string>>; readonly body?: unknown },
): void => {
  const { method } = routes[name];
  const path = pathOf(routes[name], call);
  const request = { dryRun: true, method, path, ...(call.body !== undefined && { body: call.body }) };
  printer.one(request, () => `${method} ${path}\n${JSON.stringify(call.body ?? {}, null, 2)}\n`);
};

/** The part of a body that says why. */
export const why = (flags: { readonly reason?: string }): { reason?: string } =>
  flags.reason === undefined ? {} : { reason: flags.reason };
