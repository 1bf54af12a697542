import { messageOf, StasisError } from '@stasis/errors';
import { errorOfAnswer, unreachable } from './problemError.ts';
import {
  type AnswerOf,
  type BodyOf,
  type ParamsOf,
  type QueryOf,
  type Route,
  type RouteName,
  type Routes,
  routes,
} from './routes/index.ts';

export interface ClientOptions {
  /** `http://host:port`, without a slash at the end. */
  readonly server: string;
  readonly token?: string | undefined;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
  /** Of one call, in milliseconds; 60 s unless told. */
  readonly timeoutMs?: number;
}

type Part<K extends string, T> = [T] extends [undefined]
  ? unknown
  : Partial<T> extends T
    ? { readonly [Key in K]?: T }
    : { readonly [Key in K]: T };

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Of routes that take one. Made for each call unless given: give it to repeat a call whose answer was lost. */
  readonly idempotencyKey?: string;
}

/** What a call of a route takes: path parameters, query and body, as far as the route has them. */
export type CallOf<R extends Route> = Part<'params', ParamsOf<R>> &
  Part<'query', QueryOf<R>> &
  Part<'body', BodyOf<R>> &
  CallOptions;

/** Streams are read with `followEvents` and `readExport`. */
type Callable = Exclude<RouteName, 'streamEvents' | 'exportEvents'>;

/**
 * One method a route, named as in `routes`. Answers are checked against the route's schema.
 * @throws StasisError the api's own problem; ServerUnreachable; Internal when the answer does not fit the contract.
 */
export type Client = {
  readonly [N in Callable]: Partial<CallOf<Routes[N]>> extends CallOf<Routes[N]>
    ? (call?: CallOf<Routes[N]>) => Promise<AnswerOf<Routes[N]>>
    : (call: CallOf<Routes[N]>) => Promise<AnswerOf<Routes[N]>>;
};

/** A call without its types, as the loop over all routes sees it. */
interface AnyCall extends CallOptions {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
}

/** The path of a route with its parameters filled in and its query at the end. */
export function pathOf(route: Route, call: Pick<AnyCall, 'params' | 'query'> = {}): string {
  const path = route.path.replaceAll(/:([a-zA-Z]+)/g, (_, name: string) =>
    encodeURIComponent(call.params?.[name] ?? ''),
  );
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? path : `${path}?${query.toString()}`;
}

export function createClient(options: ClientOptions): Client {
  const names = (Object.keys(routes) as RouteName[]).filter(
    (name) => name !== 'streamEvents' && name !== 'exportEvents',
  );
  const methods = names.map((name) => [name, (made?: AnyCall) => call(options, routes[name], made ?? {})]);
  return Object.fromEntries(methods) as Client;
}

async function call(options: ClientOptions, route: Route, made: AnyCall): Promise<unknown> {
  const { token, timeoutMs = 60_000 } = options;
  const path = pathOf(route, made);
  const timeout = AbortSignal.timeout(timeoutMs);
  const request: RequestInit = {
    method: route.method,
    headers: {
      accept: route.contentType ?? 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(made.body !== undefined && { 'content-type': 'application/json' }),
      ...(route.idempotent && { 'idempotency-key': made.idempotencyKey ?? crypto.randomUUID() }),
    },
    ...(made.body !== undefined && { body: JSON.stringify(made.body) }),
    signal: made.signal === undefined ? timeout : AbortSignal.any([made.signal, timeout]),
  };
  const what = `${route.method} ${path}`;
  const { answer, text } = await send(options, path, request, what, route.alsoStatus, made.signal);
  if (route.contentType !== undefined) return text;
  return read(route, text, `${what} (${answer.status})`);
}

async function send(
  { server, fetch: send = fetch }: ClientOptions,
  path: string,
  request: RequestInit,
  what: string,
  alsoStatus: number | undefined,
  signal: AbortSignal | undefined,
): Promise<{ answer: Response; text: string }> {
  try {
    const answer = await send(`${server}${path}`, request);
    if (!answer.ok && answer.status !== alsoStatus) throw await errorOfAnswer(answer, what);
    return { answer, text: await answer.text() };
  } catch (error) {
    if (error instanceof StasisError || signal?.aborted === true) throw error;
    throw unreachable(server, error);
  }
}

function read(route: Route, text: string, what: string): unknown {
  try {
    return route.answer.parse(JSON.parse(text));
  } catch (error) {
    throw new StasisError('Internal', `the answer to ${what} does not fit the contract: ${messageOf(error)}`, {
      next: 'Use a client of the version of the api.',
      cause: error,
    });
  }
}
