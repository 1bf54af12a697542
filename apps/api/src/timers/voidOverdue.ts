import type { Cause, DomainEvent, RecordedEvent } from '@stasis/events';
import { type OpenRequest, openRequests } from '@stasis/ledger/postgres';
import {
  evolveCheckpoint,
  evolveContainer,
  evolveRestore,
  noCheckpoint,
  noContainer,
  noRestore,
  voidCheckpoint,
  voidContainerRequest,
  voidRestore,
} from '@stasis/lifecycle';
import { recorder } from '../actor.ts';
import { stateOf } from '../foldStream.ts';
import { agentIsLost, findNode } from '../nodes/nodeIsLost.ts';
import type { Platform } from '../platform.ts';
import { record } from '../recordRequest.ts';

/** Ends every request that is past its deadline: NodeLost where the node has stopped answering, else OutcomeUnknown. */
export async function voidOverdue(platform: Platform, now: Date): Promise<number> {
  const overdue = await openRequests(platform.ledger.database, { dueBefore: now });
  let ended = 0;
  for (const open of overdue) {
    const cause = await causeOf(platform, open);
    const { added } = await record(platform, {
      noun: open.noun,
      subject: open.id,
      actor: recorder,
      causationId: open.request,
      decide: (stream) => decide(open, stream, cause),
    });
    ended += added.length;
  }
  return ended;
}

function decide(open: OpenRequest, stream: readonly RecordedEvent[], cause: Cause): readonly DomainEvent[] {
  if (open.noun === 'checkpoint') return voidCheckpoint(stateOf(stream, noCheckpoint, evolveCheckpoint), cause);
  if (open.noun === 'restore') return voidRestore(stateOf(stream, noRestore, evolveRestore), cause);
  return voidContainerRequest(stateOf(stream, noContainer, evolveContainer), open.request, cause);
}

async function causeOf(platform: Platform, { noun, node, deadline }: OpenRequest): Promise<Cause> {
  const agent = noun === 'checkpoint' ? 'checkpointer' : 'restorer';
  const isLost = agentIsLost(await findNode(platform.ledger.database, node), agent);
  const passed = `the deadline ${deadline} passed`;
  if (isLost)
    return { reason: 'NodeLost', message: `${passed} and the ${agent} of node "${node}" had stopped answering` };
  return { reason: 'OutcomeUnknown', message: `${passed} without an answer of node "${node}"` };
}
