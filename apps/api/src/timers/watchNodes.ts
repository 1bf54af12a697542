import { domainEventOf, type DomainEvent, type RecordedEvent } from '@stasis/events';
import { listNodes } from '@stasis/ledger/postgres';
import { type AgentKind, evolveNode, loseNode, noNode, type NodeView } from '@stasis/lifecycle';
import { recorder } from '../actor.ts';
import { stateOf } from '../foldStream.ts';
import type { Platform } from '../platform.ts';
import { record } from '../recordRequest.ts';

const agents: readonly AgentKind[] = ['checkpointer', 'restorer'];

/**
 * Says `node.lost` of each agent whose signs of life stopped `nodeLostAfterMs` ago, and `node.joined` again, with what
 * was last known, of a lost one that is heard again.
 * @param since when this api began to listen: silence before it counts for nothing.
 */
export async function watchNodes(platform: Platform, now: Date, since: Date): Promise<void> {
  const { items } = await listNodes(platform.ledger.database, { limit: 10_000 });
  for (const node of items) for (const agent of agents) await watchAgent(platform, node, agent, now, since);
}

async function watchAgent(
  { heartbeats, settings, ...rest }: Platform,
  node: NodeView,
  agent: AgentKind,
  now: Date,
  since: Date,
): Promise<void> {
  const platform: Platform = { heartbeats, settings, ...rest };
  const view = node.agents[agent];
  if (view === undefined) return;
  const sign = heartbeats.last(node.id, agent);
  const seen = new Date(Math.max(sign?.at.getTime() ?? 0, since.getTime(), Date.parse(view.joinedAt)));
  const silentMs = now.getTime() - seen.getTime();
  const say = (decide: (stream: readonly RecordedEvent[]) => readonly DomainEvent[]): Promise<unknown> =>
    record(platform, { noun: 'node', subject: node.id, actor: recorder, decide });
  if (view.status === 'joined' && silentMs > settings.nodeLostAfterMs) {
    const lost = { node: node.id, agent, lastSeen: seen.toISOString() };
    await say((stream) => loseNode(stateOf(stream, noNode, evolveNode), lost));
  }
  const heardSince = sign !== undefined && sign.at.getTime() > Date.parse(view.lostAt ?? view.joinedAt);
  if (view.status === 'lost' && heardSince && sign.instance === view.instance && silentMs < settings.nodeLostAfterMs)
    await say((stream) => rejoin(stream, agent));
}

/** The last `node.joined` of the agent again, if it is still lost. */
function rejoin(stream: readonly RecordedEvent[], agent: AgentKind): readonly DomainEvent[] {
  if (stateOf(stream, noNode, evolveNode)[agent]?.lost !== true) return [];
  const joined = stream
    .map(({ event }) => domainEventOf(event))
    .findLast((event) => event.key === 'node.joined' && event.data.agent === agent);
  return joined === undefined ? [] : [joined];
}
