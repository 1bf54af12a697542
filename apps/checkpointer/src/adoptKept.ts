import { rmSync } from 'node:fs';
import { messageOf } from '@stasis/errors';
import type { AgentParts, JournaledRequest } from '@stasis/agent';
import { checkCompleteness } from '@stasis/image';
import { checkpointJob, hasFiles, type Attempt } from './checkpointJob.ts';
import { sealContent } from './sealAttempt.ts';

const everyMs = 60_000;

/**
 * Images that are all that is left of a container, kept when their checkpoint failed, are brought into the store once it
 * takes them: at the agent's start and every minute after. Returns what ends it.
 */
export function startAdoption(parts: AgentParts): () => Promise<void> {
  let trying: Promise<void> = Promise.resolve();
  const tryAll = (): void => {
    trying = trying.then(() => adoptKept(parts));
  };
  const timer = setInterval(tryAll, everyMs);
  tryAll();
  return async () => {
    clearInterval(timer);
    await trying;
  };
}

/** Tries each kept image once. An adopted one is told as a late `checkpoint.verified`, which the ledger reconciles. */
export async function adoptKept(parts: AgentParts): Promise<void> {
  for (const journaled of parts.journal.endedAt('kept')) {
    if (parts.stopping.aborted) return;
    try {
      await adopt(parts, journaled);
    } catch (error) {
      parts.log(`${journaled.event.subject}: its image is still kept in the staging directory: ${messageOf(error)}`);
    }
  }
}

async function adopt(parts: AgentParts, journaled: JournaledRequest): Promise<void> {
  const job = checkpointJob(parts, journaled);
  const attempt = journaled.notes['attempt'] as Attempt;
  // Someone may have taken it away, and a power loss empties a staging directory in memory.
  if (!hasFiles(attempt.dir)) return parts.journal.commit((tx) => tx.endedStep(job.event.id, 'lost'));
  await checkCompleteness(attempt.dir);
  const { manifestDigest } = await sealContent(job, attempt);
  await parts.store.put(job.id, attempt.dir);
  const { bytes, seconds } = await parts.store.verify(job.id, manifestDigest);
  const durationMs = Math.round(seconds * 1000);
  const verified = job.fact('checkpoint.verified', { manifestDigest, bytes, durationMs });
  await parts.journal.commit((tx) => {
    tx.endedStep(job.event.id, 'adopted');
    tx.fact(verified, `${job.event.id} adopted`);
  });
  rmSync(attempt.dir, { recursive: true, force: true });
  parts.log(`${job.id}: the image that was kept is stored and verified now`);
}
