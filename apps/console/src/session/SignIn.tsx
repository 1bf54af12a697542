import { messageOf } from '@stasis/errors';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { answersOf } from '../parts/answers.ts';
import { signIn } from './session.ts';

const route = getRouteApi('/sign-in');

/** Opens a session with a token, then goes on to where the reader was going. */
export function SignIn() {
  const { to } = route.useSearch();
  const navigate = useNavigate();
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const token = (answersOf(event.currentTarget)['token'] ?? '').trim();
    setBusy(true);
    try {
      await signIn(token);
      // Only ever a place on this site.
      await navigate({ href: to?.startsWith('/') && !to.startsWith('//') ? to : '/' });
    } catch (error) {
      setFailure(messageOf(error));
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <h1>Stasis</h1>
      <p>Checkpoints and restores containers across a fleet.</p>
      <form onSubmit={(event) => void submit(event)}>
        <label htmlFor="token">Token</label>
        <input id="token" name="token" type="password" autoComplete="current-password" required autoFocus />
        <p className="dim" id="token-help">
          The admin token of this machine is in <code>admin.token</code> in the home of Stasis; others are made with{' '}
          <code>stasis token create</code>.
        </p>
        {failure !== undefined && (
          <p className="failed" role="alert">
            {failure}
          </p>
        )}
        <button type="submit" className="primary" disabled={busy}>
          Sign in
        </button>
      </form>
    </main>
  );
}
