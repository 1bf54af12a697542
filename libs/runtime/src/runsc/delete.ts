import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exactly, forgetView } from './exactId.ts';
import { call, type Invocation } from './invocation.ts';
import { requireSuccess } from './failure.ts';
import { kill } from './kill.ts';
import { readContainer } from './stateFile.ts';

/**
 * `runsc delete --force <id>`: kills what lives and removes the state. Not asked for an id that does not exist: it would
 * take another that begins like it.
 * Without `--force` it refuses a container whose file says running, also when its sandbox is long dead (seen after a
 * checkpoint that stopped it). The 2022 build panics on a paused one; then its sandbox is killed and its files removed
 * here.
 */
const pausedPanic = 'invalid state transition: paused => stopped';

export async function remove(via: Invocation, id: string): Promise<void> {
  const view = exactly(via, id);
  if (view === undefined) return;
  const result = await call(view, 'delete', ['--force', id]);
  forgetView(via, id);
  if (!result.stderr.includes(pausedPanic)) {
    requireSuccess('delete', result);
    return;
  }
  if (readContainer(via, id) !== undefined) await kill(via, id);
  for (const name of readdirSync(via.root))
    if (name.startsWith(`${id}_sandbox:`)) rmSync(join(via.root, name), { force: true });
}
