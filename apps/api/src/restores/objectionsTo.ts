import { statusTable } from '@stasis/container';
import type { Cause } from '@stasis/events';
import { getContainer, type LedgerDatabase } from '@stasis/ledger/postgres';
import type { CheckpointView, NodeView } from '@stasis/lifecycle';
import { agentIsLost, findNode } from '../nodes/nodeIsLost.ts';

/** Everything that the api can tell against a restore without trying it; the node looks again, and closer. */
export async function objectionsTo(
  database: LedgerDatabase,
  checkpoint: CheckpointView,
  node: NodeView,
  name: string,
): Promise<readonly Cause[]> {
  const source = checkpoint.node === node.id ? undefined : await findNode(database, checkpoint.node);
  const taken = (await getContainer(database, `${node.id}/${name}`)).item;
  const objections: Cause[] = [];
  if (checkpoint.phase !== 'Ready') objections.push(notReady(checkpoint));
  else if (checkpoint.imagePath !== undefined) objections.push(inNoStore(checkpoint, checkpoint.imagePath));
  if (agentIsLost(node, 'restorer'))
    objections.push({ reason: 'NodeLost', message: `node "${node.id}" has stopped answering` });
  if (taken !== undefined && !statusTable[taken.status].nameIsFree)
    objections.push({ reason: 'NameTaken', message: `container "${taken.id}" exists and is ${taken.status}` });
  objections.push(...runtimeObjections(checkpoint, node), ...cpuObjections(source, node));
  return objections;
}

/** The same for an image that the one-shot command on the node has at hand: all the rest it can see for itself. */
export const objectionsToImage = (checkpoint: CheckpointView): readonly Cause[] =>
  checkpoint.phase === 'Ready' || checkpoint.adoptable ? [] : [notReady(checkpoint)];

const notReady = ({ id, phase }: CheckpointView): Cause => ({
  reason: 'NotReady',
  message: `checkpoint ${id} is ${phase}, not Ready`,
});

const inNoStore = ({ id, node }: CheckpointView, imagePath: string): Cause => ({
  reason: 'StoreUnavailable',
  message:
    `the image of ${id} is in no store: \`checkpointer checkpoint\` has put it into ${imagePath} on node "${node}"; ` +
    `restore it there with \`restorer restore --image-path ${imagePath}\``,
});

function runtimeObjections({ id, runtime: written }: CheckpointView, { id: node, runtime }: NodeView): Cause[] {
  if (written === undefined || runtime === undefined) return [];
  if (written.name === runtime.name && written.version === runtime.version) return [];
  const message =
    `checkpoint ${id} was written by ${written.name} ${written.version}, ` +
    `and node "${node}" runs ${runtime.name} ${runtime.version}`;
  return [{ reason: 'RuntimeMismatch', message }];
}

/** A process may use whatever the CPU it started on has. */
function cpuObjections(source: NodeView | undefined, node: NodeView): Cause[] {
  if (source === undefined || node.cpuFeatures.length === 0) return [];
  const has = new Set(node.cpuFeatures);
  const missing = source.cpuFeatures.filter((feature) => !has.has(feature));
  if (missing.length === 0) return [];
  const shown = missing.slice(0, 50).join(', ');
  return [{ reason: 'CpuFeatureMissing', message: `node "${node.id}" lacks what "${source.id}" has: ${shown}` }];
}
