import type { Noun, Views } from '../../projection.ts';

/** A column of a read model that copies something the view says, to filter and sort by. */
export interface ViewColumn<View> {
  readonly name: string;
  readonly type: 'text' | 'boolean' | 'timestamptz';
  readonly of: (view: View) => string | boolean | null;
  /** Never changes once the row is there. */
  readonly fixed?: true;
}

const text = <View>(name: string, of: (view: View) => string, fixed?: true): ViewColumn<View> => ({
  name,
  type: 'text',
  of,
  ...(fixed && { fixed }),
});
const open = <View>(of: (view: View) => boolean): ViewColumn<View> => ({ name: 'open', type: 'boolean', of });
const deadline = <View extends { readonly deadline?: string }>(): ViewColumn<View> => ({
  name: 'deadline',
  type: 'timestamptz',
  of: (view) => view.deadline ?? null,
});

/** The one description of what each read model's table copies out of its views. */
export const viewColumns: { readonly [N in Noun]: readonly ViewColumn<Views[N]>[] } = {
  checkpoint: [
    text('node', (view) => view.node, true),
    text('container', (view) => view.container, true),
    text('phase', (view) => view.phase),
    open((view) => view.endedAt === undefined),
    deadline(),
  ],
  restore: [
    text('checkpoint', (view) => view.checkpoint, true),
    text('node', (view) => view.node, true),
    text('container', (view) => view.container, true),
    text('phase', (view) => view.phase),
    open((view) => view.endedAt === undefined),
    deadline(),
  ],
  container: [
    text('node', (view) => view.node, true),
    text('name', (view) => view.name, true),
    text('status', (view) => view.status),
    open((view) => view.openRequests.length > 0),
    deadline(),
  ],
  node: [
    // Joined = at least one of its agents is; enrolled = none of them ever was.
    text('status', ({ agents }) => {
      const statuses = Object.values(agents).map(({ status }) => status);
      return statuses.length === 0 ? 'enrolled' : statuses.includes('joined') ? 'joined' : 'lost';
    }),
  ],
};

export const tableOf = (noun: Noun): string => `${noun}s`;
