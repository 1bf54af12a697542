import { defaultLedger } from '@stasis/events';

/** A place in a ledger as people write it: `<ledger>/<n>`, or `<n>` in the default ledger. */
export interface Place {
  readonly ledger: string;
  readonly position: number;
}

/** Absent unless the text is a place. */
export function readPlace(text: string, ledger: string = defaultLedger): Place | undefined {
  const [, name, digits] = /^(?:([a-z0-9-]{1,40})\/)?([0-9]{1,15})$/.exec(text) ?? [];
  return digits === undefined ? undefined : { ledger: name ?? ledger, position: Number(digits) };
}

export const formatPlace = ({ ledger, position }: Place): string => `${ledger}/${position}`;

export const positionHeader = 'stasis-position';
