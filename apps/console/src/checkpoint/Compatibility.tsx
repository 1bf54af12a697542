import { useQueries } from '@tanstack/react-query';
import { api } from '../session/client.ts';

/** Where a checkpoint could be restored, as far as can be told without trying, with each reason against it. */
export function Compatibility(props: { readonly checkpoint: string; readonly nodes: readonly string[] }) {
  const answers = useQueries({
    queries: props.nodes.map((node) => ({
      queryKey: ['one', props.checkpoint, 'compatibility', node],
      queryFn: () => api.getCompatibility({ params: { id: props.checkpoint }, query: { node } }),
    })),
  });
  return (
    <section aria-labelledby="compatibility">
      <h2 id="compatibility">Where it could be restored</h2>
      <ul className="plain">
        {props.nodes.map((node, n) => {
          const answer = answers[n]?.data;
          return (
            <li key={node}>
              <b>{node}</b>{' '}
              {answer === undefined ? (
                <span className="dim">asking…</span>
              ) : answer.compatible ? (
                <span className="mark good">yes</span>
              ) : (
                answer.reasons.map(({ reason, message }) => (
                  <span key={reason}>
                    <span className="mark bad">{reason}</span> {message}{' '}
                  </span>
                ))
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
