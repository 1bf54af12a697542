import { errorTable, type ErrorCode, type StasisError } from '@stasis/errors';
import { z } from 'zod';

/** An RFC 9457 problem. `code` is the row of the error table, `next` one sentence on what to do. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]]),
    next: z.string().exactOptional(),
    details: z.array(z.object({ field: z.string().exactOptional(), message: z.string() })),
    /** Candidates of AmbiguousName. */
    candidates: z.array(z.string()).exactOptional(),
    requestId: z.string().exactOptional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problem>;

export const problemContentType = 'application/problem+json';

/** The problem that says this error to a caller. */
export function problemOf(error: StasisError, requestId?: string): Problem {
  const { http, sentence } = error.row;
  return {
    type: `urn:stasis:problem:${error.code}`,
    title: sentence,
    status: http,
    detail: error.message,
    code: error.code,
    ...(error.next !== undefined && { next: error.next }),
    details: error.details.map(({ field, message }) => ({ ...(field !== undefined && { field }), message })),
    ...(error.code === 'AmbiguousName' && { candidates: error.details.map(({ message }) => message) }),
    ...(requestId !== undefined && { requestId }),
  };
}
