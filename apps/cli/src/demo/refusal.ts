import { type AuditEvent, createClient } from '@stasis/api-contract';
import { isStasisError } from '@stasis/errors';
import type { Session } from '../session.ts';
import { nodes } from './options.ts';

/** What came of an auditor's try to restore. */
export interface Refusal {
  /** Absent: it was not refused. */
  readonly code: string | undefined;
  readonly next: string | undefined;
  /** What the auditor then reads of it in the audit. */
  readonly recorded: AuditEvent | undefined;
  /** Restores of the checkpoint that there are before and after. */
  readonly restoresBefore: number;
  readonly restoresAfter: number;
}

/** Makes an auditor's token, and with it asks for a restore and reads the audit. */
export const tryAsAuditor = async ({ client, connection }: Session, checkpoint: string): Promise<Refusal> => {
  const restores = async (): Promise<number> => (await client.listRestores({ query: { checkpoint } })).items.length;
  const made = await client.createToken({ body: { name: 'demo auditor', role: 'auditor', expiresIn: 600 } });
  const auditor = createClient({ ...connection, token: made.secret });
  const restoresBefore = await restores();
  const refused = await auditor
    .requestRestore({ body: { checkpoint, node: nodes[0], name: 'stolen', reason: 'demo: an auditor tries' } })
    .then(
      () => undefined,
      (error: unknown) => {
        if (isStasisError(error)) return error;
        throw error;
      },
    );
  const { items } = await auditor.listEvents({ query: { ledger: 'system', type: 'access.denied', order: 'desc' } });
  await client.revokeToken({ params: { id: made.id }, body: { reason: 'demo: the end' } });
  return {
    code: refused?.code,
    next: refused?.next,
    recorded: items.find(({ authid }) => authid === made.id),
    restoresBefore,
    restoresAfter: await restores(),
  };
};
