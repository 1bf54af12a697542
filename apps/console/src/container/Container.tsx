import { allows } from '@stasis/container';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { Ask } from '../parts/Ask.tsx';
import { Facts } from '../parts/Facts.tsx';
import { Empty, Failed, Loading } from '../parts/States.tsx';
import { Phase, Status } from '../parts/Status.tsx';
import { Ago, At, Id, Size, Took } from '../parts/Words.tsx';
import { api } from '../session/client.ts';
import { offNow, useMay } from '../session/useMay.ts';
import { FreezeChart } from './FreezeChart.tsx';
import { LifeLine } from './LifeLine.tsx';

const route = getRouteApi('/shell/containers/$node/$name');

/** One container: its life so far, what its checkpoints cost, and what can be done with it. */
export function Container() {
  const { node, name } = route.useParams();
  const { at } = route.useSearch();
  const id = `${node}/${name}`;
  const container = useQuery({
    queryKey: ['one', id],
    queryFn: () => api.getContainer({ params: { node, id: name } }),
  });
  const checkpoints = useQuery({
    queryKey: ['list', 'checkpoints', id, at],
    queryFn: () => api.listCheckpoints({ query: { container: id, limit: 200, ...(at !== undefined && { asOf: at }) } }),
  });
  if (container.isPending) return <Loading what={id} />;
  if (container.isError) return <Failed error={container.error} again={() => void container.refetch()} />;
  const view = container.data;
  const taken = checkpoints.data?.items ?? [];
  return (
    <article>
      <div className="row">
        <h1>{id}</h1>
        <Status is={view.status} />
        <span className="grow" />
        <Actions id={id} node={node} name={name} canCheckpoint={allows(view.status, 'checkpoint')} at={at} />
      </div>
      <Facts
        of={{
          Generation: view.generation,
          Runtime: view.runtime,
          Started: <At at={view.startedAt} />,
          Origin:
            view.origin?.checkpoint === undefined ? (
              (view.origin?.kind ?? 'seen on the node')
            ) : (
              <>
                restored from{' '}
                <Link to="/checkpoints/$id" params={{ id: view.origin.checkpoint }} search={true}>
                  <Id of={view.origin.checkpoint} />
                </Link>
              </>
            ),
          Root: view.root,
          Labels:
            Object.entries(view.labels)
              .map(([key, value]) => `${key}=${value}`)
              .join(', ') || undefined,
        }}
      />
      <LifeLine id={id} />
      <h2>Checkpoints</h2>
      {checkpoints.isError && <Failed error={checkpoints.error} again={() => void checkpoints.refetch()} />}
      {checkpoints.isPending && <Loading what="its checkpoints" />}
      {checkpoints.isSuccess && taken.length === 0 && <Empty>None was taken yet.</Empty>}
      {taken.length > 1 && <FreezeChart of={taken} />}
      {taken.length > 0 && (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Checkpoint</th>
                <th scope="col">Phase</th>
                <th scope="col">Frozen</th>
                <th scope="col">Size</th>
                <th scope="col">New bytes</th>
                <th scope="col">Shared</th>
                <th scope="col">Age</th>
              </tr>
            </thead>
            <tbody>
              {taken.map((one) => (
                <tr key={one.id}>
                  <td>
                    <Link to="/checkpoints/$id" params={{ id: one.id }} search={true}>
                      <Id of={one.id} />
                    </Link>
                  </td>
                  <td>
                    <Phase is={one.phase} />
                  </td>
                  <td className="number">
                    <Took ms={one.freezeMs} />
                  </td>
                  <td className="number">
                    <Size of={one.bytes} />
                  </td>
                  <td className="number">
                    <Size of={one.bytesNew} />
                  </td>
                  <td className="number">
                    <Size of={one.bytesShared} />
                  </td>
                  <td className="number">
                    <Ago at={one.requestedAt} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </article>
  );
}

function Actions(props: {
  readonly id: string;
  readonly node: string;
  readonly name: string;
  readonly canCheckpoint: boolean;
  readonly at: string | undefined;
}) {
  const navigate = useNavigate();
  const may = useMay();
  const { id, node, name } = props;
  const why = (text = '') => ({ reason: text });
  return (
    <div className="row">
      {may('checkpoint.request') && (
        <Ask
          label="Checkpoint"
          title={`Checkpoint ${id}`}
          says="The container is frozen for the time of the capture and goes on where it was, unless you ask for it to stop."
          disabled={offNow(props.at) ?? (props.canCheckpoint ? undefined : 'It is not running.')}
          act={async ({ reason, stop }) => {
            const taken = await api.requestCheckpoint({
              body: { container: id, leaveRunning: stop !== 'on', ...why(reason) },
            });
            await navigate({ to: '/checkpoints/$id', params: { id: taken.id }, search: {} });
          }}
        >
          <label className="check">
            <input type="checkbox" name="stop" /> Stop it once the checkpoint is stored and read back
          </label>
        </Ask>
      )}
      {may('container.stop') && (
        <Ask
          label="Stop"
          title={`Stop ${id}`}
          says="What its processes hold in memory is lost, but for what a checkpoint holds."
          typed={name}
          disabled={offNow(props.at)}
          act={({ reason }) => api.requestStop({ params: { node, id: name }, body: why(reason) })}
        />
      )}
    </div>
  );
}
