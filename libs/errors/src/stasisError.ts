import { errorTable, type ErrorCode, type ErrorRow } from './table.ts';

export interface ErrorDetail {
  /** JSON pointer, flag or file that the detail is about. */
  readonly field?: string;
  readonly message: string;
}

export interface StasisErrorOptions {
  /** What to do next, one sentence. */
  readonly next?: string;
  readonly details?: readonly ErrorDetail[];
  readonly cause?: unknown;
}

/**
 * The one error type that crosses module borders. `message` says what was wrong and where, in words for the person who
 * caused it; it never holds a secret. Anything else that is thrown is a bug and reaches people as `Internal`.
 */
export class StasisError extends Error {
  override readonly name = 'StasisError';
  readonly code: ErrorCode;
  readonly next: string | undefined;
  readonly details: readonly ErrorDetail[];

  constructor(code: ErrorCode, message: string, options: StasisErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.next = options.next;
    this.details = options.details ?? [];
  }

  get row(): ErrorRow {
    return errorTable[this.code];
  }
}

export const isStasisError = (error: unknown): error is StasisError => error instanceof StasisError;

/** The message of whatever was thrown, for logs and for wrapping; never throws itself. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
