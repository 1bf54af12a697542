import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { StasisError, type ErrorDetail } from '@stasis/errors';
import configLinux from '../schema/config-linux.json' with { type: 'json' };
import configSchema from '../schema/config-schema.json' with { type: 'json' };
import configSolaris from '../schema/config-solaris.json' with { type: 'json' };
import configVm from '../schema/config-vm.json' with { type: 'json' };
import configWindows from '../schema/config-windows.json' with { type: 'json' };
import configZos from '../schema/config-zos.json' with { type: 'json' };
import defsLinux from '../schema/defs-linux.json' with { type: 'json' };
import defsVm from '../schema/defs-vm.json' with { type: 'json' };
import defsWindows from '../schema/defs-windows.json' with { type: 'json' };
import defsZos from '../schema/defs-zos.json' with { type: 'json' };
import defs from '../schema/defs.json' with { type: 'json' };
import { isObject } from './json.ts';
import type { OciSpec } from './ociSpec.ts';

const files: Readonly<Record<string, object>> = {
  'config-linux.json': configLinux,
  'config-solaris.json': configSolaris,
  'config-vm.json': configVm,
  'config-windows.json': configWindows,
  'config-zos.json': configZos,
  'defs-linux.json': defsLinux,
  'defs-vm.json': defsVm,
  'defs-windows.json': defsWindows,
  'defs-zos.json': defsZos,
  'defs.json': defs,
};

/** draft-04 to what ajv 8 reads, mechanically: no `$schema`, the file's name as `$id` (see schema/README.md). */
const converted = (name: string, schema: object): object => ({ ...schema, $schema: undefined, $id: name });

let compiled: ValidateFunction | undefined;

function validator(): ValidateFunction {
  if (compiled) return compiled;
  // strict is off because the files hold definitions outside `definitions` (`config-linux.json#/linux`).
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
  for (const [name, schema] of Object.entries(files)) ajv.addSchema(converted(name, schema));
  compiled = ajv.compile(converted('config-schema.json', configSchema));
  return compiled;
}

const detailOf = (error: ErrorObject): ErrorDetail => ({
  field: error.instancePath === '' ? '/' : error.instancePath,
  message: `${error.message ?? error.keyword}${'allowedValues' in error.params ? `: ${String(error.params['allowedValues'])}` : ''}`,
});

/**
 * The JSON of a config.json, checked against the OCI runtime-spec's own schema (v1.2.1, which also holds for the
 * specs of earlier 1.x). A null member counts as absent, as Go reads it. Unknown members are kept, as the spec asks.
 * @throws StasisError BadRequest with one detail a fault, `field` being its JSON pointer
 */
export function parseSpec(json: unknown): OciSpec {
  const spec = dropNulls(json);
  const validate = validator();
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
