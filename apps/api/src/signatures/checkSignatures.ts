import { type RecordedEvent, systemLedger } from '@stasis/events';
import type { Ledger } from '@stasis/ledger';
import { type NodeKey, nodeKeyWhenRecorded } from '@stasis/lifecycle';
import { factFault } from './factFault.ts';
import { keysIn } from './enrolNode.ts';

/** What the nodes' signatures in a ledger are worth. */
export interface SignatureCheck {
  /** Events that the node signed with a key that was its own then. */
  readonly signed: number;
  /** What a token's holder reported for a node, and what was recorded before the node had a key. */
  readonly unsigned: number;
  readonly firstBad?: { readonly position: number; readonly why: string };
}

const pageSize = 1000;

/** Checks every event whose source is a node, against the keys that the system ledger says the node had then. */
export async function checkSignatures(ledger: Ledger, name: string): Promise<SignatureCheck> {
  const known = new Map<string, readonly NodeKey[]>();
  let [signed, unsigned, after] = [0, 0, 0];
  for (;;) {
    const page = await ledger.read(name, { after, limit: pageSize });
    const told = page.filter(({ event }) => nodeIn(event.source) !== undefined);
    await learnKeys(ledger, known, told);
    const findings = await Promise.all(told.map((one) => judge(one, known)));
    for (const [index, finding] of findings.entries()) {
      if (finding === 'signed') signed += 1;
      else if (finding === 'unsigned') unsigned += 1;
      else return { signed, unsigned, firstBad: { position: told[index]?.position ?? 0, why: finding.why } };
    }
    if (page.length < pageSize) return { signed, unsigned };
    after = page.at(-1)?.position ?? after;
  }
}

const nodeIn = (source: string): string | undefined => /^\/stasis\/nodes\/(.+)$/.exec(source)?.[1];

async function learnKeys(
  ledger: Ledger,
  known: Map<string, readonly NodeKey[]>,
  events: readonly RecordedEvent[],
): Promise<void> {
  const nodes = new Set(events.flatMap(({ event }) => nodeIn(event.source) ?? []));
  const asked = [...nodes].filter((node) => !known.has(node));
  const streams = await ledger.readStreams(
    systemLedger,
    asked.map((node) => `node/${node}`),
  );
  for (const node of asked) known.set(node, keysIn(streams.get(`node/${node}`) ?? []));
}

async function judge(
  { event }: RecordedEvent,
  known: ReadonlyMap<string, readonly NodeKey[]>,
): Promise<'signed' | 'unsigned' | { why: string }> {
  const node = nodeIn(event.source) ?? '';
  const keys = known.get(node) ?? [];
  const recorded = event.recordedtime ?? event.time;
  const fault = await factFault(event, (keyId) => nodeKeyWhenRecorded(keys, keyId, recorded));
  if (fault === undefined) return 'signed';
  const first = keys[0]?.from;
  const isBefore = first === undefined || recorded < first;
  if (fault === 'Unsigned' && (event.authtype !== 'system' || isBefore)) return 'unsigned';
  return { why: `the signature of node "${node}" does not prove ${event.type}: ${fault}` };
}
