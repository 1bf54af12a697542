import type { NodeShown } from '@stasis/api-contract';
import type { ContainerView } from '@stasis/lifecycle';
import { Ago } from '../parts/Words.tsx';

/** The nodes: what runs on them, under which runtime, and when their agents were last heard. */
export function NodeCards(props: {
  readonly of: readonly NodeShown[];
  readonly containers: readonly Pick<ContainerView, 'node'>[];
}) {
  const load = Map.groupBy(props.containers, ({ node }) => node);
  return (
    <ul className="cards" aria-label="Nodes">
      {props.of.map(({ id, agents, runtime, lastSeen }) => {
        const lost = [agents.checkpointer, agents.restorer].some((agent) => agent?.status !== 'joined');
        return (
          <li key={id} className={lost ? 'card lost' : 'card'}>
            <b>{id}</b> {lost && <span className="mark bad">an agent is lost</span>}
            <div>{load.get(id)?.length ?? 0} containers</div>
            <div className="dim">{runtime === undefined ? 'no runtime' : `${runtime.name} ${runtime.version}`}</div>
            <div className="dim">
              seen{' '}
              <Ago
                at={[lastSeen.checkpointer, lastSeen.restorer]
                  .filter((at) => at !== undefined)
                  .toSorted()
                  .at(-1)}
              />{' '}
              ago
            </div>
          </li>
        );
      })}
    </ul>
  );
}
