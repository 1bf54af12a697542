import type { AuditEvent } from '@stasis/api-contract';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { Field } from '../parts/Ask.tsx';
import { Failed } from '../parts/States.tsx';
import { api } from '../session/client.ts';
import { checkEvent } from './checkEvent.ts';

const pinnedKey = (ledger: string): string => `stasis.verifier-key.${ledger}`;

/**
 * Checks an event's proof here, in the browser. The key is the reader's: it is pasted once and pinned, and never taken
 * from the api that is being checked.
 */
export function CheckEvent({ event }: { readonly event: AuditEvent }) {
  const [key, setKey] = useState(localStorage.getItem(pinnedKey(event.ledger)) ?? '');
  const check = useMutation({
    mutationFn: async () => checkEvent(event, await api.getProof({ query: { event: event.id } }), key.trim()),
  });
  const findings = check.data;
  const proven = findings?.every(({ holds }) => holds) === true;
  const submit = (submitted: FormEvent): void => {
    submitted.preventDefault();
    localStorage.setItem(pinnedKey(event.ledger), key.trim());
    check.mutate();
  };
  return (
    <section aria-labelledby="check" className="check-event">
      <h3 id="check">Check this event</h3>
      <form onSubmit={submit}>
        <Field
          label="Verifier key, from somebody you trust; it is kept in this browser"
          name="key"
          required
          value={key}
          placeholder={`stasis/${event.ledger}+1a2b3c4d+…`}
          onChange={({ target }) => setKey(target.value)}
        />
        <button type="submit" disabled={check.isPending}>
          Check it in this browser
        </button>
      </form>
      {check.isError && <Failed error={check.error} />}
      {findings !== undefined && (
        <div role="status">
          <p className={proven ? 'verdict good' : 'verdict bad'}>
            {proven ? 'It holds: the event stands in the ledger as shown.' : 'It does not hold.'}
          </p>
          <ul className="plain">
            {findings.map(({ what, holds, seen, steps }) => (
              <li key={what}>
                <span className={`mark ${holds ? 'good' : 'bad'}`}>{holds ? 'holds' : 'false'}</span> {what}
                <div className="dim wrap">{seen}</div>
                {steps !== undefined && (
                  <details>
                    <summary>{steps.length - 1} hashes</summary>
                    <ol className="hashes">
                      {steps.map(({ side, sibling, hash }) => (
                        <li key={hash}>
                          <code>
                            {side === 'left' ? '←' : '→'} {sibling}
                          </code>
                          <code>= {hash}</code>
                        </li>
                      ))}
                    </ol>
                  </details>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  );
}
