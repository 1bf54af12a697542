/**
 * One authorisation decision by the shipped policies, over every (role, action) pair in turn. No database; looking up what a request is about is a read of the read model.
 */
import { type Action, actions, roles } from '@stasis/api-contract';
import { machine, percentile } from '../../../tools/bench/figures.ts';
import { decide, type Question, type Resource } from '../src/access/decide.ts';
import { loadPolicies, shippedPolicies } from '../src/access/loadPolicies.ts';

const rounds = 100;
const targetMs = 2;

const labels = Array.from({ length: 32 }, (_, n) => `label-${n}=${'v'.repeat(64)}`);

const resourceOf = (action: Action, shown: readonly string[]): Resource => {
  if (action === 'events.follow') return { kind: 'Ledger', id: 'default' };
  if (action !== 'restore.request' && action !== 'checkpoint.cancel') return { kind: 'Platform', id: 'stasis' };
  const attributes = { node: 'node-7', container: 'node-7/web-1', labels: shown };
  return { kind: 'Checkpoint', id: 'ckp_01kb0000000000000000000000', attributes };
};

/** An ordinary token, and the largest: held to 100 nodes, asking about a checkpoint with 32 labels of 64 bytes. */
const shapes: { readonly [name: string]: { nodes: readonly string[]; labels: readonly string[] } } = {
  ordinary: { nodes: [], labels: labels.slice(0, 3) },
  largest: { nodes: Array.from({ length: 100 }, (_, n) => `node-${n}`), labels },
};

const questionsOf = (shape: (typeof shapes)[string]): Question[] =>
  roles.flatMap((role) =>
    actions.map((action) => ({
      principal: { id: 'sub_01kb0000000000000000000000', role, nodes: shape.nodes },
      action,
      resource: resourceOf(action, shape.labels),
      how: { node: 'node-7', past: false },
    })),
  );

export async function run(): Promise<void> {
  const policies = await loadPolicies(shippedPolicies);
  console.log(machine());
  for (const [name, shape] of Object.entries(shapes)) {
    const questions = questionsOf(shape);
    const times: number[] = [];
    for (let round = 0; round <= rounds; round += 1)
      for (const question of questions) {
        const begun = performance.now();
        decide(policies, question);
        // The first round warms the compiler.
        if (round > 0) times.push(performance.now() - begun);
      }
    const [p50, p95] = [50, 95].map((p) => percentile(times, p).toFixed(3));
    console.log(`${name}: p50 ${p50} ms, p95 ${p95} ms of ${times.length} decisions (target: p95 ${targetMs} ms)`);
  }
}

if (import.meta.main) await run();
