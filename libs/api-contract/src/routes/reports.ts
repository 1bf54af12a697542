import { z } from 'zod';
import * as s from '../schemas/index.ts';
import { route } from './route.ts';

export const reportRoutes = {
  recordReport: route({
    method: 'POST',
    path: '/v1/reports',
    summary: 'Report what a one-shot command has done on its node; a fact that was reported before adds nothing',
    auth: true,
    action: 'node.report',
    body: z
      .object({ node: s.nodeName, facts: z.array(s.factTold).min(1).max(100) })
      .strict()
      .meta({ id: 'Report' }),
    status: 200,
    answer: s.reported,
  }),
} as const;
