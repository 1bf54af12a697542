import type { ErrorCode, ErrorDetail } from '@stasis/errors';

/** What goes to a worker and comes back. `name` is one of its calls. */
export interface Question {
  readonly ask: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

export interface Failure {
  readonly message: string;
  readonly stasis?: ErrorCode;
  readonly next?: string;
  readonly details?: readonly ErrorDetail[];
  readonly system?: { readonly code?: unknown; readonly syscall?: unknown; readonly path?: unknown };
}

export interface Answer {
  readonly ask: number;
  readonly value?: unknown;
  readonly failure?: Failure;
}
