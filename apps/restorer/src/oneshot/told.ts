import type { Fleet, Report } from '@stasis/agent/one-shot';
import { isReasonCode, isStasisError, StasisError } from '@stasis/errors';
import type { RuntimeContainer } from '@stasis/runtime';
import { warn } from '@stasis/runtime/command-line';
import type { RestoreFlags } from './restoreFlags.ts';

/** What the fleet is told of a one-shot restore. Without a fleet nobody is told. */
export interface Told {
  /** @throws StasisError AuditUnavailable, or OutcomeUnknown when the request has ended: then nothing may be begun */
  accepted(): Promise<void>;
  refused(error: unknown): void;
  failed(error: unknown): void;
  running(container: RuntimeContainer, durationMs: number, warnings: readonly string[]): void;
  /** It ended while this command was its parent. */
  stopped(container: RuntimeContainer): void;
  settle(): Promise<void>;
}

const nobody: Told = {
  accepted: async () => {},
  refused: () => {},
  failed: () => {},
  running: () => {},
  stopped: () => {},
  settle: async () => {},
};

/**
 * Puts the request on record with the fleet that STASIS_SERVER names, if any; its agents keep off the container until
 * it runs. @param checkpoint the fleet's id, as the image's manifest has it
 * @throws StasisError AuditUnavailable or what the api refuses it for; nothing was done then
 */
export async function tellFleet(flags: RestoreFlags, checkpoint: string | undefined): Promise<Told> {
  if (!process.env['STASIS_SERVER']) return nobody;
  const { openFleet, causeOf, seenData } = await import('@stasis/agent/one-shot');
  const fleet = await openFleet(warn);
  if (fleet === undefined) return nobody;
  const ref = fleet.refOf(flags.id);
  const letAgentsOn = await fleet.keepAgentsOff(flags.id);
  let asked: Asked;
  try {
    asked = (checkpoint && (await askForRestore(fleet, flags, checkpoint))) || (await askForStart(fleet, flags));
  } catch (error) {
    letAgentsOn();
    throw error;
  }
  const { report, origin } = asked;
  const { request } = origin;
  return {
    accepted: async () => {
      if (request === undefined) await report.confirm('restore.accepted', { attempt: 1 });
    },
    refused: (error) => {
      const cause = causeOf(error);
      if (request === undefined) report.tell('restore.refused', { reasons: [cause] });
      else report.tell('container.refused', { ...cause, request });
    },
    failed: (error) => {
      const cause = causeOf(error);
      if (request === undefined) report.tell('restore.failed', cause);
      else report.tell('container.failed', { ...cause, request });
    },
    running: (container, durationMs, warnings) => {
      report.tell('container.started', { ...seenData(ref, container), origin }, ref);
      const { run } = container;
      const told = { run, durationMs, ...(warnings.length > 0 && { warnings: [...warnings] }) };
      if (request === undefined) report.tell('restore.running', told);
      letAgentsOn();
    },
    stopped: ({ run }) => report.tell('container.stopped', { container: ref, run, why: 'exited' }, ref),
    settle: async () => {
      await report.settle();
      letAgentsOn();
    },
  };
}

/** What was put on record: a restore, or the start of a container (`origin.request`) from an image the ledger knows not. */
interface Asked {
  readonly report: Report;
  readonly origin: { readonly kind: 'restore'; readonly checkpoint?: string; readonly request?: string };
}

/** `undefined` when this fleet does not know the checkpoint: the image comes from elsewhere. */
async function askForRestore(fleet: Fleet, flags: RestoreFlags, checkpoint: string): Promise<Asked | undefined> {
  const { id: name, imagePath } = flags;
  const body = { checkpoint, node: fleet.node, name, imagePath };
  try {
    const view = await fleet.ask(() => fleet.client.requestRestore({ body }));
    fleet.requireOpen(view);
    return { report: fleet.report(view.id), origin: { kind: 'restore', checkpoint } };
  } catch (error) {
    if (isStasisError(error) && error.code === 'CheckpointNotFound') return undefined;
    throw error;
  }
}

async function askForStart(fleet: Fleet, { id: name, bundle, imagePath }: RestoreFlags): Promise<Asked> {
  const body = { node: fleet.node, name, bundle, imagePath };
  const { request, openRequests, lastFailure } = await fleet.ask(() => fleet.client.requestStart({ body }));
  if (lastFailure?.request === request && !openRequests.some(({ id }) => id === request)) {
    const code = isReasonCode(lastFailure.reason) ? lastFailure.reason : 'NotAuthorised';
    throw new StasisError(code, `the fleet has refused it: ${lastFailure.message}`);
  }
  return { report: fleet.report(fleet.refOf(name)), origin: { kind: 'restore', request } };
}
