import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Ask } from '../parts/Ask.tsx';
import { Facts } from '../parts/Facts.tsx';
import { Failed, Loading } from '../parts/States.tsx';
import { Phase } from '../parts/Status.tsx';
import { At, Id, Size } from '../parts/Words.tsx';
import { api } from '../session/client.ts';
import { offNow, useMay } from '../session/useMay.ts';
import { Conditions } from './Conditions.tsx';
import { PhaseBar } from './PhaseBar.tsx';
import { Timeline } from './Timeline.tsx';

const route = getRouteApi('/shell/restores/$id');

/** One restore: how far it is, what it made, and why it was refused if it was. */
export function Restore() {
  const { id } = route.useParams();
  const { at } = route.useSearch();
  const may = useMay();
  const asked = useQuery({ queryKey: ['one', id], queryFn: () => api.getRestore({ params: { id } }) });
  if (asked.isPending) return <Loading what="the restore" />;
  if (asked.isError) return <Failed error={asked.error} again={() => void asked.refetch()} />;
  const view = asked.data;
  return (
    <article>
      <div className="row">
        <h1>Restore</h1>
        <Phase is={view.phase} />
        <span className="grow" />
        {view.endedAt === undefined && may('restore.cancel') && (
          <Ask
            label="Cancel"
            title="Cancel this restore"
            says="It is canceled if the node has not begun."
            disabled={offNow(at)}
            act={({ reason = '' }) => api.cancelRestore({ params: { id }, body: { reason } })}
          />
        )}
      </div>
      <PhaseBar of={view.timeline} />
      <Facts
        of={{
          Id: <Id of={view.id} />,
          Checkpoint: (
            <Link to="/checkpoints/$id" params={{ id: view.checkpoint }} search={true}>
              <Id of={view.checkpoint} />
            </Link>
          ),
          Container: (
            <Link to="/containers/$node/$name" params={{ node: view.node, name: view.name }} search={true}>
              {view.container}
            </Link>
          ),
          'Asked by': <Id of={view.requestedBy} />,
          Why: view.reasonText,
          Asked: <At at={view.requestedAt} />,
          Ended: view.endedAt === undefined ? undefined : <At at={view.endedAt} />,
          Read: view.bytes === undefined ? undefined : <Size of={view.bytes} />,
          'Manifest digest': view.manifestDigest && <Id of={view.manifestDigest} />,
          Warnings: view.warnings?.join('; '),
          Twin: view.twin ? 'a container runs although this restore did not end in Running' : undefined,
        }}
      />
      <Conditions of={view.conditions} />
      <Timeline of={view.timeline} />
    </article>
  );
}
