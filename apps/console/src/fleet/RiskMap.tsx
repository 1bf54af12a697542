import { statusTable } from '@stasis/container';
import type { ContainerListed } from '@stasis/api-contract';
import { Link } from '@tanstack/react-router';
import { type Risk, riskOf, risks, riskWords } from './risk.ts';

/** As many squares as a row of the map shows; the table below has all. */
const mostShown = 400;

/** What would be lost if a node went down now: a square a living container, coloured by its last Ready checkpoint. */
export function RiskMap(props: { readonly containers: readonly ContainerListed[]; readonly now: string }) {
  const alive = props.containers.filter(({ status }) => statusTable[status].isAlive);
  if (alive.length === 0) return null;
  const risk = ({ lastReady }: ContainerListed): Risk => riskOf(lastReady?.capturedAt, props.now);
  const byNode = Map.groupBy(alive, ({ node }) => node);
  const counts = Map.groupBy(alive, risk);
  return (
    <section aria-labelledby="risk">
      <h2 id="risk">Age of the last Ready checkpoint</h2>
      <ul className="legend">
        {risks.map((one) => (
          <li key={one}>
            <span className={`square ${one}`} /> {riskWords[one]}: <b>{counts.get(one)?.length ?? 0}</b>
          </li>
        ))}
      </ul>
      {[...byNode].map(([node, containers]) => (
        <div key={node} className="map-row">
          <span className="map-node">{node}</span>
          <span className="squares">
            {containers.slice(0, mostShown).map((container) => (
              <Link
                key={container.id}
                to="/containers/$node/$name"
                params={{ node, name: container.name }}
                search={true}
                className={`square ${risk(container)}`}
                aria-label={`${container.id}: ${riskWords[risk(container)]}`}
                title={`${container.id}: ${riskWords[risk(container)]}`}
              />
            ))}
            {containers.length > mostShown && <span className="dim">and {containers.length - mostShown} more</span>}
          </span>
        </div>
      ))}
    </section>
  );
}
