import type { AnswerOf, ReadBody, ReadParams, ReadQuery, Route } from '@stasis/api-contract';
import type { IdPrefix } from '@stasis/events';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Actor } from '../actor.ts';

/** One request as a handler sees it: read, checked and attributed. */
export interface Call<R extends Route> {
  readonly params: ReadParams<R>;
  readonly query: ReadQuery<R>;
  readonly body: ReadBody<R>;
  readonly actor: Actor;
  /** The id for what this request makes: the same again when a request with its Idempotency-Key was cut off. */
  readonly newId: (prefix: IdPrefix) => Promise<string>;
  /** Says which position the answer reflects (`Stasis-Position`). */
  readonly reflects: (ledger: string, position: number) => void;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Resolves with the answer's body; `undefined` from one that wrote to the connection itself. */
export type Handler<R extends Route> = (call: Call<R>) => Promise<AnswerOf<R> | undefined>;

export interface Implemented {
  readonly route: Route;
  readonly handler: (call: Call<Route>) => Promise<unknown>;
}

/** Ties a use case to its route of the contract. */
export const implement = <R extends Route>(route: R, handler: Handler<R>): Implemented => ({
  route,
  // The server validates params, query and body with the route's own schemas before it calls.
  handler: handler as unknown as Implemented['handler'],
});
