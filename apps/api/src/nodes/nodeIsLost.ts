import { getNode, type LedgerDatabase } from '@stasis/ledger/postgres';
import type { AgentKind, NodeView } from '@stasis/lifecycle';

/** Whether the agent that would do the work has stopped answering. One that never joined is not lost. */
export const agentIsLost = (node: NodeView | undefined, agent: AgentKind): boolean =>
  node?.agents[agent]?.status === 'lost';

export const findNode = async (database: LedgerDatabase, name: string): Promise<NodeView | undefined> =>
  (await getNode(database, name)).item;
