import { auditRoutes } from './audit.ts';
import { checkpointRoutes } from './checkpoints.ts';
import { containerRoutes } from './containers.ts';
import { identityRoutes } from './identity.ts';
import { reportRoutes } from './reports.ts';
import { restoreRoutes } from './restores.ts';
import { sessionRoutes } from './session.ts';
import { systemRoutes } from './system.ts';
import { tokenRoutes } from './tokens.ts';

export * from './route.ts';

/** Every route of the api by the name of its use case. */
export const routes = {
  ...checkpointRoutes,
  ...restoreRoutes,
  ...containerRoutes,
  ...reportRoutes,
  ...auditRoutes,
  ...identityRoutes,
  ...tokenRoutes,
  ...sessionRoutes,
  ...systemRoutes,
} as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
