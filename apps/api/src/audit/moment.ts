import { momentOf, type Moment } from '@stasis/ledger/postgres';
import { readPlace } from '../http/places.ts';
import type { Platform } from '../platform.ts';

export interface MomentQuery {
  readonly ledger?: string | undefined;
  readonly asOf?: string | undefined;
  readonly validAt?: string | undefined;
}

/** Whether a query asks for a moment at all. */
export const asksForMoment = ({ asOf, validAt }: MomentQuery): boolean => asOf !== undefined || validAt !== undefined;

/** The moment that a query means; `asOf` is a place or an instant. @throws StasisError BadRequest for the future. */
export function momentAsked(platform: Platform, { ledger, asOf, validAt }: MomentQuery): Promise<Moment> {
  const place = asOf === undefined ? undefined : readPlace(asOf, ledger);
  const of = place?.ledger ?? ledger;
  return momentOf(platform.ledger.database, {
    ...(of !== undefined && { ledger: of }),
    ...(asOf !== undefined && { asOf: place?.position ?? asOf }),
    ...(validAt !== undefined && { validAt }),
  });
}
