import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { Empty, Failed, Loading } from './parts/States.tsx';
import { queries } from './session/queries.ts';
import { session } from './session/session.ts';
import { SignIn } from './session/SignIn.tsx';
import { Shell } from './shell/Shell.tsx';

/** A text of the URL, if it is one. */
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;

/** The named texts of a URL's search; what is empty is left out of it. */
const texts =
  <const K extends string>(...names: readonly K[]) =>
  (search: Readonly<Record<string, unknown>>): { readonly [Name in K]?: string | undefined } =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = text(search[name]);
        return value === undefined ? [] : [[name, value]];
      }),
    ) as { readonly [Name in K]?: string | undefined };

const root = createRootRoute({ notFoundComponent: () => <Empty>There is no page at this address.</Empty> });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: texts('to'),
  component: SignIn,
});

/** Who is not signed in is asked to, and then comes back to where the way led. */
async function requireSession({ location }: { readonly location: { readonly href: string } }): Promise<void> {
  const who = await queries.ensureQueryData(session);
  // oxlint-disable-next-line typescript/only-throw-error -- how the router is told
  if (who === null) throw redirect({ href: `/sign-in?to=${encodeURIComponent(location.href)}` });
}

/** `at`: the instant whose fleet is shown; without it, now. */
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  validateSearch: texts('at'),
  beforeLoad: requireSession,
  component: Shell,
});

export const fleetFilters = ['node', 'name', 'status'] as const;
const fleet = createRoute({
  getParentRoute: () => shell,
  path: '/',
  validateSearch: texts(...fleetFilters),
  component: lazyRouteComponent(() => import('./fleet/Fleet.tsx'), 'Fleet'),
});

const container = createRoute({
  getParentRoute: () => shell,
  path: '/containers/$node/$name',
  component: lazyRouteComponent(() => import('./container/Container.tsx'), 'Container'),
});

const checkpoint = createRoute({
  getParentRoute: () => shell,
  path: '/checkpoints/$id',
  component: lazyRouteComponent(() => import('./checkpoint/Checkpoint.tsx'), 'Checkpoint'),
});

const restore = createRoute({
  getParentRoute: () => shell,
  path: '/restores/$id',
  component: lazyRouteComponent(() => import('./checkpoint/Restore.tsx'), 'Restore'),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: texts('q', 'event', 'order'),
  component: lazyRouteComponent(() => import('./audit/Audit.tsx'), 'Audit'),
});

export const router = createRouter({
  routeTree: root.addChildren([signIn, shell.addChildren([fleet, container, checkpoint, restore, audit])]),
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultPendingComponent: () => <Loading what="the page" />,
  defaultErrorComponent: ({ error, reset }) => <Failed error={error} again={reset} />,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
