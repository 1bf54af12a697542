import type { ErrorObject, ValidateFunction } from 'ajv';
import { StasisError, type ErrorDetail } from '@stasis/errors';
import { validate as generated } from './generated/validateConfig.ts';
import { isObject } from './json.ts';
import type { OciSpec } from './ociSpec.ts';

/** Compiled ahead from the schema; schema/validatorSource.ts says how and why. */
const validate = generated as unknown as ValidateFunction;

const detailOf = (error: ErrorObject): ErrorDetail => ({
  field: error.instancePath === '' ? '/' : error.instancePath,
  message: `${error.message ?? error.keyword}${'allowedValues' in error.params ? `: ${String(error.params['allowedValues'])}` : ''}`,
});

/**
 * The JSON of a config.json, checked against the OCI runtime-spec's own schema (v1.2.1, which also holds for the
 * specs of earlier 1.x; the parts for Solaris, Windows, VMs and z/OS are not checked). A null member counts as absent, as Go reads it. Unknown members are kept, as the spec asks.
 * @throws StasisError BadRequest with one detail a fault, `field` being its JSON pointer
 */
export function parseSpec(json: unknown): OciSpec {
  const spec = dropNulls(json);
  if (validate(spec)) return spec as OciSpec;
  const details = (validate.errors ?? []).map(detailOf);
  const first = details[0];
  throw new StasisError(
    'BadRequest',
    `the container spec is not a valid OCI config.json: ${first?.field ?? '/'} ${first?.message ?? 'is not valid'}` +
      (details.length > 1 ? ` (and ${details.length - 1} more)` : ''),
    { details, next: 'Correct config.json at the JSON pointers named and try again.' },
  );
}

function dropNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, dropNulls(inner)]),
  );
}
