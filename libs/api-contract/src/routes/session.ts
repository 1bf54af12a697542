import { z } from 'zod';
import * as s from '../schemas/index.ts';
import { route } from './route.ts';

/** Sessions of the console: a cookie that scripts cannot read stands for the token. */
export const sessionRoutes = {
  openSession: route({
    method: 'POST',
    path: '/v1/session',
    summary: 'Open a session of the console with the token that is sent; the answer sets a cookie',
    auth: true,
    action: 'token.whoami',
    status: 200,
    answer: s.whoami,
  }),
  closeSession: route({
    method: 'DELETE',
    path: '/v1/session',
    summary: 'Close the session: the cookie is taken back',
    auth: false,
    status: 200,
    answer: z.object({ closed: z.literal(true) }),
  }),
} as const;
