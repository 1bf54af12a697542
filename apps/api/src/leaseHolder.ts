import { readFileSync, readlinkSync } from 'node:fs';
import { acquireLease, leaseHolder, type PostgresLedger, releaseLease } from '@stasis/ledger/postgres';
import { isSameProcess, processFacts } from '@stasis/runtime';
import type { Log } from './log.ts';

/**
 * Who holds a lease: the instance, and the process as its machine knows it. Pids mean something within one boot of one
 * machine and one pid namespace, so both are named; where there is no /proc, nothing is said but the instance.
 */
export function holderOf(instance: string, pid: number = process.pid): string {
  const facts = process.platform === 'linux' ? processFacts(pid) : undefined;
  return facts === undefined ? instance : `${instance} ${pid} ${facts.startTicks} ${pidSpace()}`;
}

/** Whether the process that holds a lease is known to have ended. False when that cannot be told from here. */
export function hasEnded(holder: string): boolean {
  const [, pid, startTicks, space] = holder.split(' ');
  if (process.platform !== 'linux' || pid === undefined || startTicks === undefined || space !== pidSpace())
    return false;
  return !isSameProcess(Number(pid), startTicks) && !isHidden(Number(pid));
}

/** A process that lives but that this user may not look at (a /proc with hidepid) reads as absent there. */
function isHidden(pid: number): boolean {
  if (processFacts(pid) !== undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/**
 * Takes or renews a lease. One whose holder has died on this machine is taken at once in place of waiting for it to run
 * out: a dead process can do nothing behind the new holder's back.
 */
export async function takeLease(
  database: PostgresLedger['database'],
  lease: { readonly name: string; readonly holder: string; readonly ttlMs: number },
  log: Log,
): Promise<number | undefined> {
  const { name, holder, ttlMs } = lease;
  const taken = await acquireLease(database, name, holder, ttlMs);
  if (taken !== undefined) return taken.fencing;
  const other = await leaseHolder(database, name);
  if (other === undefined || !hasEnded(other)) return undefined;
  log.info({ lease: name, holder: other }, 'the holder of a lease has died here: its lease is given up for it');
  await releaseLease(database, name, other);
  return (await acquireLease(database, name, holder, ttlMs))?.fencing;
}

function pidSpace(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
}
