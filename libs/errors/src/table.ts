/**
 * The closed table of everything that can go wrong and be said out loud. docs/errors.md is checked against it in both
 * directions. A code is never reused or renamed; a retired one stays listed with `retired: true`.
 *
 * `http` is the status of the RFC 9457 problem, `exit` the exit status of the fleet CLI (the one-shot commands exit 128
 * for everything, as runsc does), `retryable` says whether the very same call can succeed later with nothing changed.
 */
export interface ErrorRow {
  readonly http: number;
  readonly exit: ExitCode;
  readonly retryable: boolean;
  readonly sentence: string;
}

/** Exit codes of `stasis`: 0 done, 1 failed, 2 usage, 3 refused, 4 not found, 5 not allowed, 6 timed out waiting. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6;

const row = (http: number, exit: ExitCode, retryable: boolean, sentence: string): ErrorRow => ({
  http,
  exit,
  retryable,
  sentence,
});

export const errorTable = {
  // Reasons: also recorded in events and conditions.
  ContainerNotFound: row(404, 4, false, 'No container with that name is known.'),
  ContainerNotRunning: row(409, 3, false, 'The container is not in a state that allows this.'),
  SourceReplaced: row(409, 3, false, 'Another container runs under that id now.'),
  ImageExists: row(409, 3, false, 'The image directory already holds a checkpoint.'),
  ImageIncomplete: row(422, 3, false, 'The image is not whole: a file is missing or shorter than it must be.'),
  IntegrityMismatch: row(422, 3, false, 'The bytes of the image are not those that were sealed.'),
  RuntimeMismatch: row(
    409,
    3,
    false,
    'The image was written by another runtime version than the one that would restore it.',
  ),
  CpuFeatureMissing: row(409, 3, false, 'The CPU lacks features that the checkpointed process may be using.'),
  SpecMismatch: row(
    409,
    3,
    false,
    'The container spec differs from the checkpointed one in a field that a restore may not change.',
  ),
  NameTaken: row(409, 3, false, 'A container with that name exists on the node.'),
  NoSpace: row(507, 3, true, 'There is not enough space for the image.'),
  StoreUnavailable: row(503, 1, true, 'The image store cannot be reached.'),
  RuntimeTimeout: row(504, 1, true, 'The runtime did not finish in time.'),
  RuntimeFailed: row(502, 1, false, 'The runtime reported a failure.'),
  NodeLost: row(503, 1, true, 'The node stopped answering.'),
  OutcomeUnknown: row(500, 1, false, 'The request passed its deadline and its outcome is not known.'),
  NotReady: row(409, 3, false, 'The checkpoint is not Ready.'),
  QuotaExceeded: row(429, 3, true, 'A limit on concurrent work or space is reached.'),
  FreezeBudgetExceeded: row(409, 3, true, 'The predicted freeze is longer than the request allows.'),
  Held: row(409, 3, false, 'A legal hold forbids this.'),
  PolicyDenied: row(403, 5, false, 'A policy forbids this.'),
  NotAuthorised: row(403, 5, false, 'The token does not allow this.'),
  AuditUnavailable: row(503, 1, true, 'The ledger cannot record the request, so nothing was done.'),

  // Answers of the API and the CLI only.
  BadRequest: row(400, 2, false, 'The request is not well formed.'),
  Usage: row(400, 2, false, 'The command line is not well formed.'),
  ConfigInvalid: row(500, 2, false, 'A setting is missing or contradicts another.'),
  Unauthenticated: row(401, 5, false, 'A valid token is required.'),
  SignInUnavailable: row(503, 1, true, 'The identity provider does not answer, so its tokens cannot be checked.'),
  CheckpointNotFound: row(404, 4, false, 'No checkpoint with that id is known.'),
  RestoreNotFound: row(404, 4, false, 'No restore with that id is known.'),
  TokenNotFound: row(404, 4, false, 'No token with that id is known.'),
  NodeNotFound: row(404, 4, false, 'No node with that name is known.'),
  EventNotFound: row(404, 4, false, 'No event with that id is known.'),
  RouteNotFound: row(404, 4, false, 'No such route.'),
  AmbiguousName: row(409, 2, false, 'Several containers carry that name; use <node>/<name>.'),
  TooLateToCancel: row(409, 3, false, 'The work has begun or ended and can no longer be canceled.'),
  IdempotencyKeyReused: row(422, 2, false, 'The Idempotency-Key was used before with another request.'),
  VersionConflict: row(409, 1, true, 'The resource changed meanwhile.'),
  PayloadTooLarge: row(413, 2, false, 'The request body is larger than allowed.'),
  TooManyRequests: row(429, 1, true, 'Too many requests; wait as long as Retry-After says.'),
  NotSupported: row(501, 3, false, 'This node or runtime cannot do that.'),
  BusUnavailable: row(503, 1, true, 'The message bus cannot be reached.'),
  ServerUnreachable: row(503, 1, true, 'The Stasis api does not answer.'),
  WaitTimedOut: row(504, 6, true, 'The work had not ended when the wait did.'),
  LedgerCorrupt: row(500, 1, false, 'A ledger row does not match its leaf.'),
  LedgerForked: row(409, 1, false, 'Two signed tree heads of one ledger contradict each other.'),
  ProofInvalid: row(422, 3, false, 'The proof does not hold.'),
  EventMalformed: row(422, 1, false, 'A message is not an event of the catalogue.'),
  Internal: row(500, 1, false, 'Something went wrong inside Stasis; the log has the cause.'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

/** The closed list of reasons that events and conditions may carry. */
export const reasonCodes = [
  'ContainerNotFound',
  'ContainerNotRunning',
  'SourceReplaced',
  'ImageExists',
  'ImageIncomplete',
  'IntegrityMismatch',
  'RuntimeMismatch',
  'CpuFeatureMissing',
  'SpecMismatch',
  'NameTaken',
  'NoSpace',
  'StoreUnavailable',
  'RuntimeTimeout',
  'RuntimeFailed',
  'NodeLost',
  'OutcomeUnknown',
  'NotReady',
  'QuotaExceeded',
  'FreezeBudgetExceeded',
  'Held',
  'PolicyDenied',
  'NotAuthorised',
  'AuditUnavailable',
] as const satisfies readonly ErrorCode[];

export type ReasonCode = (typeof reasonCodes)[number];

export const isReasonCode = (code: string): code is ReasonCode => (reasonCodes as readonly string[]).includes(code);
