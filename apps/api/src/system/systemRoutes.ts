import { routes } from '@stasis/api-contract';
import { implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { checkReadiness } from './checkReadiness.ts';

/** GET /healthz, /readyz and /metrics. */
export const systemRoutes = (platform: Platform): Implemented[] => [
  implement(routes.health, async () => ({ status: 'ok' as const })),
  implement(routes.ready, async ({ reply }) => {
    const readiness = await checkReadiness(platform);
    void reply.code(readiness.ready ? 200 : 503);
    return readiness;
  }),
  implement(routes.metrics, async ({ reply }) => {
    void reply.type(platform.metrics.contentType);
    return platform.metrics.text();
  }),
];
