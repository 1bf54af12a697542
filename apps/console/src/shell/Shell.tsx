import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, Outlet, useNavigate, useRouter } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { followLive } from '../live/live.ts';
import { LiveMark } from '../live/LiveMark.tsx';
import { signOut, useSession } from '../session/session.ts';
import { Palette } from './Palette.tsx';
import { nextTheme, theme } from './theme.ts';
import { TimeControl } from './TimeControl.tsx';
import { useKeys } from './useKeys.ts';

const route = getRouteApi('/shell');

/** What stands around every page: where to go, which instant is shown, whether the page is live, who is signed in. */
export function Shell() {
  const router = useRouter();
  const { data } = useSession();
  // The session ended meanwhile: the guard of the route asks to sign in again.
  useEffect(() => {
    if (data === null) void router.invalidate();
  }, [data, router]);
  return data && <SignedIn who={data} />;
}

function SignedIn({ who }: { readonly who: { readonly name: string; readonly role: string } }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { at } = route.useSearch();
  const [shownTheme, setTheme] = useState(theme());
  const [paletteOpen, setPalette] = useState(false);
  useEffect(() => followLive(queries), [queries]);
  useKeys({
    'mod+k': () => setPalette(true),
    '/': () => document.querySelector<HTMLElement>('[data-search]')?.focus(),
    'g f': () => void navigate({ to: '/', search: {} }),
    'g a': () => void navigate({ to: '/audit', search: {} }),
  });
  return (
    <>
      <a className="skip" href="#page">
        Skip to the page
      </a>
      <header className="top">
        <Link to="/" search={at === undefined ? {} : { at }} className="brand">
          Stasis
        </Link>
        <nav aria-label="Pages">
          <Link to="/" search={at === undefined ? {} : { at }} activeOptions={{ exact: true, includeSearch: false }}>
            Fleet
          </Link>
          <Link to="/audit" search={{}} activeOptions={{ includeSearch: false }}>
            Audit
          </Link>
        </nav>
        <LiveMark />
        <span className="grow" />
        <TimeControl at={at} />
        <button type="button" onClick={() => setPalette(true)} aria-keyshortcuts="Control+K">
          Go to…
        </button>
        <button type="button" onClick={() => setTheme(nextTheme())}>
          Theme: {shownTheme}
        </button>
        <span className="dim who" title={`role ${who.role}`}>
          {who.name} · {who.role}
        </span>
        <button type="button" onClick={() => void signOut().then(() => navigate({ to: '/sign-in', search: {} }))}>
          Sign out
        </button>
      </header>
      {at !== undefined && (
        <p className="banner" role="status">
          This is the fleet as it was at <time dateTime={at}>{new Date(at).toLocaleString()}</time>. Nothing can be done
          to the past: actions are off.{' '}
          <Link to="." search={(before) => ({ ...before, at: undefined })}>
            Back to now
          </Link>
        </p>
      )}
      <main id="page" tabIndex={-1}>
        <Outlet />
      </main>
      <Palette open={paletteOpen} onOpenChange={setPalette} />
    </>
  );
}
