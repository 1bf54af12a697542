import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleDir } from '@stasis/agent';
import { StasisError, messageOf } from '@stasis/errors';
import type { RuntimeContainer } from '@stasis/runtime';
import { parseSpec } from '@stasis/spec';
import { findContainer, startedData, type ContainerJob } from './containerJob.ts';
import { writeHostRootBundle } from './hostRootBundle.ts';
import { logFile } from './places.ts';

/**
 * Starts a container from a bundle on the node, or a command over the host's root.
 * Answers: container.started, container.refused (NameTaken, RuntimeFailed, RuntimeTimeout), container.failed.
 */
export async function startContainer(job: ContainerJob): Promise<void> {
  const { parts, request, name } = job;
  const bundle = request.bundle ?? bundleDir(parts.config, name);
  const before = await findBefore(job, bundle);
  if (before !== undefined) return tellStarted(job, before);
  if (request.bundle !== undefined) requireBundle(request.bundle);
  else
    writeHostRootBundle(bundle, {
      name,
      command: request.command ?? [],
      env: await openEnv(job),
      cwd: request.cwd ?? '/',
      home: parts.config.home,
    });
  await job.begin();
  await tellStarted(job, await parts.runtimes[0].start({ id: name, bundle, logFile: logFile(parts.config, name) }));
}

const tellStarted = (job: ContainerJob, made: RuntimeContainer): Promise<void> => {
  const { parts, event, request } = job;
  const data = startedData(parts, event.subject, made, request.labels, { kind: 'start', request: event.id });
  return job.end(parts.fact('container.started', event.subject, data, { request: event }));
};

/** The environment that was sealed for this node and this request. @throws StasisError IntegrityMismatch */
async function openEnv({ parts, event, request }: ContainerJob): Promise<string[]> {
  if (request.sealedEnv === undefined) return [];
  const { keyId, box } = request.sealedEnv;
  return JSON.parse(new TextDecoder().decode(await parts.openSealed(keyId, box, event.id))) as string[];
}

const inFlightMs = 2000;

/** What an earlier life of the agent started for this request. @throws StasisError NameTaken for anything else */
async function findBefore(job: ContainerJob, bundle: string): Promise<RuntimeContainer | undefined> {
  let found = await findContainer(job.parts, job.name);
  // The runtime's command outlives the agent: what it was making may only just appear.
  if (job.isRecovered && (found === undefined || found.container.status === 'creating')) {
    await sleep(inFlightMs);
    found = await findContainer(job.parts, job.name);
  }
  if (found === undefined) return undefined;
  if (job.isRecovered && found.container.bundle === bundle) return found.container;
  throw new StasisError('NameTaken', `container "${job.name}" exists on this node and is ${found.container.status}`);
}

/** @throws StasisError RuntimeFailed, BadRequest naming the field of config.json */
function requireBundle(bundle: string): void {
  if (!isAbsolute(bundle)) throw new StasisError('RuntimeFailed', `the bundle "${bundle}" is not an absolute path`);
  const file = join(bundle, 'config.json');
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new StasisError('RuntimeFailed', `cannot read ${file}: ${messageOf(error)}`, { cause: error });
  }
  parseSpec(json);
}
