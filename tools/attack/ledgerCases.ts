import { newPrivateKey } from '@stasis/proof';
import type { Tamper } from './tamper.ts';

/** Who can notice: the rows against themselves, the heads against key and copies, a witness that saw the last head. */
export const detectors = ['rows', 'heads', 'witness'] as const;
export type Detector = (typeof detectors)[number];

export interface AttackCase {
  readonly name: string;
  readonly tamper: (tamper: Tamper) => Promise<void>;
  /** The position that verification must name; absent = it must find nothing. */
  readonly position?: number;
  /** Those that must notice, each by itself. */
  readonly by: readonly Detector[];
}

/** What the ledger under attack looks like: whole lives of 7 events, and a tree head after each ten lives. */
export interface Shape {
  /** Sizes of the tree heads, ascending; the last is the size of the ledger. */
  readonly heads: readonly number[];
  /** The key that the heads are signed with: what a thief of the database alone does not have. */
  readonly privateKey: Uint8Array;
}

/** Every way to falsify a ledger that the owner of its database has, with and without the ledger's key. */
export function ledgerCases({ heads, privateKey }: Shape): AttackCase[] {
  const [first, third, size] = [heads[0]!, heads[2]!, heads.at(-1)!];
  // The last event of a life in the third stretch; the next event is of another stream.
  const target = third - 7;
  const tail = heads.at(-2)!;
  const thief = newPrivateKey();
  return [
    { name: 'nothing changed (control)', tamper: async () => {}, by: [] },
    {
      name: 'changed column',
      tamper: ({ sql }) => sql(`update events set subject = 'x' where ledger = 'default' and position = ${target}`),
      position: target,
      by: ['rows'],
    },
    { name: 'changed leaf', tamper: ({ changeLeaf }) => changeLeaf(target), position: target, by: ['rows'] },
    {
      name: 'changed event, leaf and hash redone',
      tamper: ({ replaceEvent }) => replaceEvent(target),
      // Which of the events between two heads it was cannot be known: the head above is named.
      position: third,
      by: ['rows'],
    },
    {
      name: 'missing row',
      tamper: ({ sql }) => sql(`delete from events where ledger = 'default' and position = ${target}`),
      position: target,
      by: ['rows'],
    },
    {
      name: 'reordered rows of one stream',
      tamper: ({ swap }) => swap(target - 1, target),
      position: target - 1,
      by: ['rows'],
    },
    {
      name: 'reordered rows of two streams',
      tamper: ({ swap }) => swap(target, target + 1),
      position: third,
      by: ['rows'],
    },
    {
      name: 'truncated tail',
      tamper: ({ cutTail }) => cutTail(tail, { heads: false }),
      position: tail + 1,
      by: ['rows'],
    },
    {
      name: 'truncated tail, heads deleted too',
      tamper: ({ cutTail }) => cutTail(tail, { heads: true }),
      position: tail + 1,
      by: ['heads', 'witness'],
    },
    {
      name: 'forked head, signed by a thief without the key',
      tamper: ({ forkHead }) => forkHead(third, thief),
      position: third,
      by: ['rows', 'heads'],
    },
    {
      name: 'forked head, signed with the key',
      tamper: ({ forkHead }) => forkHead(third, privateKey),
      position: third,
      by: ['rows', 'heads'],
    },
    {
      name: 'rewritten from an event on, heads signed by a thief without the key',
      tamper: async ({ replaceEvent, signAnew }) => {
        await replaceEvent(target);
        await signAnew(0, thief);
      },
      position: first,
      by: ['heads', 'witness'],
    },
    {
      name: 'rewritten from an event on, heads signed with the key',
      tamper: async ({ replaceEvent, signAnew }) => {
        await replaceEvent(target);
        await signAnew(third, privateKey);
      },
      position: third,
      by: ['heads', 'witness'],
    },
    {
      name: 'rewritten and cut, heads signed with the key',
      tamper: async ({ replaceEvent, cutTail, signAnew }) => {
        await cutTail(size - 7, { heads: true });
        await replaceEvent(1);
        await signAnew(0, privateKey);
      },
      position: first,
      by: ['heads', 'witness'],
    },
  ];
}
