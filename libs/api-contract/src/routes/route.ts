import type { z } from 'zod';
import type { Action } from '../actions.ts';

/** Who may call: anybody, or a token that the policies allow the action. */
type Access = { readonly auth: false; readonly action?: undefined } | { readonly auth: true; readonly action: Action };

/** One HTTP route. `:name` parts of `path` are the keys of `params`. */
export type Route = Access & Shape;

interface Shape {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly summary: string;
  /** Takes an Idempotency-Key. */
  readonly idempotent?: true;
  readonly params?: z.ZodType<Readonly<Record<string, string>>>;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** The body may be left out. */
  readonly bodyOptional?: true;
  readonly status: 200 | 202;
  readonly answer: z.ZodType;
  /** Default application/json. */
  readonly contentType?: 'text/plain' | 'text/event-stream' | 'application/x-ndjson';
  /** Who accepts this gets it instead: the handler writes it. */
  readonly alsoAs?: 'text/plain';
  /** Further statuses that carry the same answer. */
  readonly alsoStatus?: 503;
}

export const route = <const R extends Route>(definition: R): R => definition;

type Of<R, K extends keyof Shape, Side extends 'in' | 'out'> = R extends { readonly [Key in K]: infer S }
  ? S extends z.ZodType
    ? Side extends 'in'
      ? z.input<S>
      : z.output<S>
    : undefined
  : undefined;

/** What a caller gives (before defaults). */
export type ParamsOf<R extends Route> = Of<R, 'params', 'in'>;
export type QueryOf<R extends Route> = Of<R, 'query', 'in'>;
export type BodyOf<R extends Route> = Of<R, 'body', 'in'>;
/** What a handler reads (with defaults). */
export type ReadParams<R extends Route> = Of<R, 'params', 'out'>;
export type ReadQuery<R extends Route> = Of<R, 'query', 'out'>;
export type ReadBody<R extends Route> = Of<R, 'body', 'out'>;
export type AnswerOf<R extends Route> = z.output<R['answer']>;
