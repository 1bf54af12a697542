import { errorTable, type ErrorCode, StasisError } from '@stasis/errors';
import { problem } from './schemas/index.ts';

/** Codes for answers that are no problem of ours, for example a proxy's. */
const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'Unauthenticated',
  403: 'NotAuthorised',
  404: 'RouteNotFound',
  413: 'PayloadTooLarge',
  429: 'TooManyRequests',
  502: 'ServerUnreachable',
  503: 'ServerUnreachable',
  504: 'ServerUnreachable',
};

/** The error that an answer other than 2xx says; one of the api's problems comes back as it was thrown there. */
export async function errorOfAnswer(answer: Response, what: string): Promise<StasisError> {
  const text = await answer.text();
  const read = problem.safeParse(jsonOf(text));
  if (!read.success) {
    const code = codeByStatus[answer.status] ?? (answer.status < 500 ? 'BadRequest' : 'Internal');
    return new StasisError(
      code,
      `${what} was answered ${answer.status}: ${text.slice(0, 200) || errorTable[code].sentence}`,
    );
  }
  const { code, detail, next, details } = read.data;
  return new StasisError(code, detail, { details, ...(next !== undefined && { next }) });
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** The api could not be reached, or the connection broke before the answer was whole. */
export const unreachable = (server: string, cause: unknown): StasisError => {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const message = inner instanceof Error ? inner.message || inner.name : String(inner);
  return new StasisError('ServerUnreachable', `${server} does not answer: ${message}`, {
    next: 'Start it with `stasis up`, or name it with --server or STASIS_SERVER.',
    cause,
  });
};
