import type { DeliveredMessage } from '@stasis/bus';
import { isStasisError, type StasisError } from '@stasis/errors';
import type { Refused, SignatureFault } from '@stasis/events';
import { nodeKeyAt, type NodeKey } from '@stasis/lifecycle';
import { factFault } from '../signatures/factFault.ts';
import type { NodeKeys } from '../signatures/nodeKeys.ts';
import { type FactMessage, notBelieved, readFact, requireOwn } from './readFact.ts';

/** A message that is not believed: nobody signed it, someone else did, or it speaks of what is not the node's. */
export interface RefusedFact {
  readonly message: DeliveredMessage;
  readonly refused: Refused;
  readonly error: StasisError;
}

export interface Believed {
  readonly facts: readonly FactMessage[];
  readonly refused: readonly RefusedFact[];
  /** Errors of messages that are no facts at all. */
  readonly problems: readonly unknown[];
}

/**
 * Reads a batch and checks who signed each: what is left is facts of the node that the signature proves, about that node
 * and what is on it.
 * @param at ISO 8601: a key that has ended by then does not count
 * @throws StasisError AuditUnavailable (retryable) while the ledger cannot say which keys nodes have
 */
export async function believeFacts(
  keys: NodeKeys,
  messages: readonly DeliveredMessage[],
  at: string,
): Promise<Believed> {
  const { read, problems } = readAll(messages);
  let known = await keys.of(nodesOf(read));
  const faults = await Promise.all(read.map((fact) => faultOf(fact, known, at)));
  // A key that an enrolment or a re-key has only just brought is not remembered yet.
  const unknown = read.filter((_, index) => faults[index] === 'UnknownKey');
  if (unknown.length > 0) known = new Map([...known, ...(await keys.of(nodesOf(unknown), true))]);
  const facts: FactMessage[] = [];
  const refused: RefusedFact[] = [];
  for (const [index, fact] of read.entries()) {
    const fault = faults[index] === 'UnknownKey' ? await faultOf(fact, known, at) : faults[index];
    if (fault === undefined) facts.push(fact);
    else refused.push(refusedFact(fact, fault, (known.get(fact.node) ?? []).length > 0));
  }
  return { facts, refused, problems };
}

function readAll(messages: readonly DeliveredMessage[]): { read: FactMessage[]; problems: unknown[] } {
  const read: FactMessage[] = [];
  const problems: unknown[] = [];
  for (const message of messages) {
    try {
      read.push(readFact(message));
    } catch (error) {
      problems.push(error);
    }
  }
  return { read, problems };
}

const nodesOf = (facts: readonly FactMessage[]): string[] => [...new Set(facts.map(({ node }) => node))];

async function faultOf(
  fact: FactMessage,
  known: ReadonlyMap<string, readonly NodeKey[]>,
  at: string,
): Promise<SignatureFault | undefined> {
  const fault = await factFault(fact.event, (keyId) => nodeKeyAt(known.get(fact.node) ?? [], keyId, at));
  if (fault !== undefined) return fault;
  try {
    requireOwn(fact);
    return undefined;
  } catch (error) {
    if (isStasisError(error) && error.code === 'NotAuthorised') return 'ForeignSubject';
    throw error;
  }
}

/** @param isKnown false: the node's name may be made up and is not repeated */
export function refusedFact({ event, node, message }: FactMessage, why: SignatureFault, isKnown = true): RefusedFact {
  const { id, type, nodekeyid } = event;
  const refused = { node: isKnown ? node : 'unknown', why, type, message: id };
  return {
    message,
    refused: nodekeyid === undefined ? refused : { ...refused, keyId: nodekeyid },
    error: notBelieved(event, node, why),
  };
}
