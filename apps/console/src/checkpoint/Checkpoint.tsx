import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Ask, Field } from '../parts/Ask.tsx';
import { Facts } from '../parts/Facts.tsx';
import { Failed, Loading } from '../parts/States.tsx';
import { Phase } from '../parts/Status.tsx';
import { At, Id, Size, Took } from '../parts/Words.tsx';
import { api } from '../session/client.ts';
import { offNow, useMay } from '../session/useMay.ts';
import { Compatibility } from './Compatibility.tsx';
import { Conditions } from './Conditions.tsx';
import { PhaseBar } from './PhaseBar.tsx';
import { Timeline } from './Timeline.tsx';

const route = getRouteApi('/shell/checkpoints/$id');

/** One checkpoint: how far it is, what it cost, where it could be restored, and by whose word it was taken. */
export function Checkpoint() {
  const { id } = route.useParams();
  const { at } = route.useSearch();
  const navigate = useNavigate();
  const may = useMay();
  const asked = useQuery({ queryKey: ['one', id], queryFn: () => api.getCheckpoint({ params: { id } }) });
  const nodes = useQuery({ queryKey: ['list', 'nodes'], queryFn: () => api.listNodes({ query: { limit: 1000 } }) });
  if (asked.isPending) return <Loading what="the checkpoint" />;
  if (asked.isError) return <Failed error={asked.error} again={() => void asked.refetch()} />;
  const view = asked.data;
  const [node = '', name = ''] = view.container.split('/');
  return (
    <article>
      <div className="row">
        <h1>Checkpoint</h1>
        <Phase is={view.phase} />
        <span className="grow" />
        {view.endedAt === undefined && may('checkpoint.cancel') && (
          <Ask
            label="Cancel"
            title="Cancel this checkpoint"
            says="It is canceled if its capture has not begun; the container goes on."
            disabled={offNow(at)}
            act={({ reason = '' }) => api.cancelCheckpoint({ params: { id }, body: { reason } })}
          />
        )}
        {view.phase === 'Ready' && may('restore.request') && (
          <Ask
            label="Restore"
            title="Restore this checkpoint"
            says={`A container starts where ${view.container} was at the capture.`}
            disabled={offNow(at)}
            act={async ({ reason = '', node: on = '', name: under = '' }) => {
              const restore = await api.requestRestore({
                body: { checkpoint: id, reason, ...(on !== '' && { node: on }), ...(under !== '' && { name: under }) },
              });
              await navigate({ to: '/restores/$id', params: { id: restore.id }, search: {} });
            }}
          >
            <label className="field">
              <span>Node</span>
              <select name="node" defaultValue={view.node}>
                {nodes.data?.items.map((one) => (
                  <option key={one.id}>{one.id}</option>
                ))}
              </select>
            </label>
            <Field name="name" label="Name" defaultValue={name} />
          </Ask>
        )}
      </div>
      <PhaseBar of={view.timeline} />
      <Facts
        of={{
          Id: <Id of={view.id} />,
          Container: (
            <Link to="/containers/$node/$name" params={{ node, name }} search={true}>
              {view.container}
            </Link>
          ),
          'Asked by': <Id of={view.requestedBy} />,
          Why: view.reasonText,
          Asked: <At at={view.requestedAt} />,
          Ended: view.endedAt === undefined ? undefined : <At at={view.endedAt} />,
          'Frozen at most': view.freezeMs === undefined ? undefined : <Took ms={view.freezeMs} />,
          Size: <Size of={view.bytes} />,
          'New bytes': <Size of={view.bytesNew} />,
          'Shared bytes': <Size of={view.bytesShared} />,
          Runtime: view.runtime && `${view.runtime.name} ${view.runtime.version}, ${view.runtime.platform}`,
          Store: view.store,
          'Manifest digest': view.manifestDigest && <Id of={view.manifestDigest} />,
          Then: view.leaveRunning ? 'the container goes on' : 'the container is stopped',
        }}
      />
      <Conditions of={view.conditions} />
      {view.phase === 'Ready' && <Compatibility checkpoint={id} nodes={nodes.data?.items.map((one) => one.id) ?? []} />}
      <Timeline of={view.timeline} />
    </article>
  );
}
