import { type AuditEvent, shortType } from '@stasis/api-contract';

const field = (data: unknown, name: string): string | undefined => {
  const value =
    typeof data === 'object' && data !== null ? (data as Readonly<Record<string, unknown>>)[name] : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** What an event says in a person's words, without who and when; the type where there are no better ones. */
const sentences: Readonly<Record<string, (data: unknown) => string>> = {
  'checkpoint.requested': () => 'a checkpoint was asked for',
  'checkpoint.accepted': () => 'the node began the checkpoint',
  'checkpoint.captured': () => 'its memory was captured',
  'checkpoint.sealed': () => 'the image was sealed',
  'checkpoint.stored': () => 'the image was stored',
  'checkpoint.verified': () => 'the image was read back and matched',
  'checkpoint.ready': () => 'the checkpoint is ready',
  'checkpoint.refused': (data) => `the checkpoint was refused: ${field(data, 'reason') ?? ''}`,
  'checkpoint.failed': (data) => `the checkpoint failed: ${field(data, 'reason') ?? ''}`,
  'checkpoint.canceled': () => 'the checkpoint was canceled',
  'checkpoint.voided': () => 'the checkpoint ran out of time',
  'checkpoint.expired': () => 'the checkpoint expired',
  'checkpoint.deleted': () => 'the checkpoint was deleted',
  'restore.requested': (data) => `a restore as ${field(data, 'container') ?? '?'} was asked for`,
  'restore.accepted': () => 'the node began the restore',
  'restore.materialised': () => 'the image was brought to the node',
  'restore.running': () => 'the restored container runs',
  'restore.refused': () => 'the restore was refused',
  'restore.failed': (data) => `the restore failed: ${field(data, 'reason') ?? ''}`,
  'restore.canceled': () => 'the restore was canceled',
  'restore.voided': () => 'the restore ran out of time',
  'container.requested': (data) => `a ${field(data, 'verb') ?? 'change'} was asked for`,
  'container.discovered': () => 'the container was first seen',
  'container.started': () => 'the container started',
  'container.stopped': (data) => `the container stopped (${field(data, 'why') ?? '?'})`,
  'container.gone': () => 'the container was gone',
  'container.refused': (data) => `that was refused: ${field(data, 'reason') ?? ''}`,
  'container.failed': (data) => `that failed: ${field(data, 'reason') ?? ''}`,
};

/** One event as a sentence, with the asker's reason where there is one. */
export const sentenceOf = ({ type, data, reasonText }: AuditEvent): string => {
  const key = shortType(type);
  const said = sentences[key]?.(data) ?? key;
  return reasonText === undefined ? said : `${said}: ${reasonText}`;
};

const fit = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length - 1)}…`);

/** `12:00:01  the checkpoint is ready            evt_…`, 80 characters at most unless told. */
export const storyLine = (event: AuditEvent, width = 80): string => {
  const room = width - 8 - 2 - 2 - event.id.length;
  const said = fit(sentenceOf(event).replaceAll(/\p{Cc}+/gu, ' '), room).padEnd(room);
  return `${event.time.slice(11, 19)}  ${said}  ${event.id}\n`;
};
