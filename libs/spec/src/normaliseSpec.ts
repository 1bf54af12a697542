import { dropEmpty, isObject, withChanged, type JsonObject } from './json.ts';
import type { OciSpec } from './ociSpec.ts';

/**
 * The same spec in the one form in which Stasis keeps, digests and compares specs. Idempotent.
 *
 * - null, empty arrays and empty objects are dropped: Go cannot tell them from absent ones.
 * - The defaults of config.md are filled in: `process.terminal` and `process.noNewPrivileges` false, `process.user.uid`
 *   and `gid` 0, `root.readonly` false.
 * - What the spec treats as a set is sorted: capabilities, additional gids, masked and read-only paths (also without
 *   doubles); namespaces and rlimits by type, devices by path.
 * - Order that a process or the runtime can see is kept: args, env (the process reads it back in that order, and of two
 *   entries of one name the order decides), mounts, mount options, hooks, seccomp rules.
 */
export function normaliseSpec(spec: OciSpec): OciSpec {
  let result = dropEmpty(spec) as JsonObject;
  result = withChanged(result, 'process', (process) => (isObject(process) ? normaliseProcess(process) : process));
  result = withChanged(result, 'root', (root) => (isObject(root) ? { readonly: false, ...root } : root));
  result = withChanged(result, 'linux', (linux) => (isObject(linux) ? normaliseLinux(linux) : linux));
  return result as OciSpec;
}

function normaliseProcess(process: JsonObject): JsonObject {
  const user = isObject(process['user']) ? process['user'] : {};
  let result: JsonObject = {
    terminal: false,
    noNewPrivileges: false,
    ...process,
    user: { uid: 0, gid: 0, ...withChanged(user, 'additionalGids', sortedSet) },
  };
  result = withChanged(result, 'capabilities', (sets) =>
    isObject(sets) ? Object.fromEntries(Object.entries(sets).map(([name, set]) => [name, sortedSet(set)])) : sets,
  );
  return withChanged(result, 'rlimits', sortedBy('type'));
}

function normaliseLinux(linux: JsonObject): JsonObject {
  let result = withChanged(linux, 'namespaces', sortedBy('type'));
  result = withChanged(result, 'devices', sortedBy('path'));
  result = withChanged(result, 'maskedPaths', sortedSet);
  return withChanged(result, 'readonlyPaths', sortedSet);
}

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function sortedSet(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const items: unknown[] = value;
  return [...new Set(items)].toSorted((a, b) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : byCode(String(a), String(b)),
  );
}

const sortedBy =
  (key: string) =>
  (value: unknown): unknown => {
    if (!Array.isArray(value)) return value;
    const items: unknown[] = value;
    const keyOf = (item: unknown): string => (isObject(item) ? String(item[key]) : '');
    return items.toSorted((a, b) => byCode(keyOf(a), keyOf(b)));
  };
