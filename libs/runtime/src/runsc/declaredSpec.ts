import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { OciSpec } from '@stasis/spec';

/**
 * runsc keeps the spec as it changed it for itself (gvisor runsc/specutils fixSpec, runsc/container New):
 *
 *   added      a user namespace with an identity mapping (2024 and later), cgroupsPath `/<id>`
 *   changed    root path and mount sources made absolute, beneath the bundle
 *   removed    linux.seccomp where an annotation says it is the default; members that Go's structs do not know
 *
 * What a restore is compared with is the spec as it was declared: config.json of the bundle, as long as it explains the
 * kept one; otherwise (edited since, or gone) the kept one without what runsc is known to add.
 */
export function declaredSpec(kept: OciSpec, bundle: string, id: string): OciSpec {
  const declared = readConfig(bundle);
  if (declared !== undefined && essence(declared) === essence(kept)) return declared;
  return withoutAdditions(kept, id);
}

/** A relative bundle is relative to where runsc was once called, which nobody knows any more. */
function readConfig(bundle: string): OciSpec | undefined {
  if (!isAbsolute(bundle)) return undefined;
  try {
    return JSON.parse(readFileSync(join(bundle, 'config.json'), 'utf8')) as OciSpec;
  } catch {
    return undefined;
  }
}

type Json = { readonly [name: string]: unknown };
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What runsc leaves alone, as one string: equal for a config.json and for what runsc made of it. */
function essence(spec: OciSpec): string {
  const linux = without(spec.linux ?? {}, ['seccomp', 'uidMappings', 'gidMappings', 'cgroupsPath']);
  const kept = {
    ...spec,
    root: { ...spec.root, path: '' },
    mounts: spec.mounts?.map((mount) => ({ ...mount, source: '' })),
    linux: { ...linux, namespaces: spec.linux?.namespaces?.filter(({ type }) => type !== 'user') },
  };
  return JSON.stringify(pruned(kept));
}

const without = (object: Json, names: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** Go writes no empty values (`omitempty`), and members in an order of its own. */
function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (!isObject(value)) return value;
  const members = Object.entries(value)
    .map(([name, inner]) => [name, pruned(inner)] as const)
    .filter(([, inner]) => !isEmpty(inner))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members);
}

const isEmpty = (value: unknown): boolean =>
  [undefined, null, false, 0, ''].includes(value as null) ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

function withoutAdditions(kept: OciSpec, id: string): OciSpec {
  const { uidMappings, gidMappings, cgroupsPath, namespaces = [] } = kept.linux ?? {};
  const isAdded = isIdentity(uidMappings) && isIdentity(gidMappings);
  const added = [
    ...(isAdded ? ['uidMappings', 'gidMappings'] : []),
    ...(cgroupsPath === `/${id}` ? ['cgroupsPath'] : []),
  ];
  return {
    ...kept,
    linux: {
      ...without(kept.linux ?? {}, added),
      namespaces: isAdded ? namespaces.filter(({ type }) => type !== 'user') : namespaces,
    },
  };
}

/** As /proc/self/uid_map of the caller has it: every id to itself, or without root the one id to itself. */
const isIdentity = (mappings: unknown): boolean =>
  Array.isArray(mappings) &&
  mappings.every((one) => isObject(one) && (one['containerID'] ?? 0) === (one['hostID'] ?? 0));
