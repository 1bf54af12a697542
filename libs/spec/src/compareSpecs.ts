import canonicalize from 'canonicalize';
import { isObject, token, type JsonObject } from './json.ts';
import { normaliseSpec } from './normaliseSpec.ts';
import type { OciSpec } from './ociSpec.ts';
import { redactSpec } from './redactSpec.ts';

export interface SpecDifference {
  /** JSON pointer into the wanted spec as it was given; for something that is only in the frozen one, into that. */
  readonly pointer: string;
  /** Redacted; absent where the frozen spec has nothing there. */
  readonly frozen?: unknown;
  /** Redacted; absent where the wanted spec has nothing there. */
  readonly wanted?: unknown;
  /** One sentence for people. */
  readonly message: string;
}

export interface SpecComparison {
  /** A restore must not go on: the checkpointed state depends on these. */
  readonly refused: readonly SpecDifference[];
  /** A restore may go on, but the restored process keeps seeing the old value. */
  readonly warned: readonly SpecDifference[];
  /** A restore may go on and the new value takes effect. */
  readonly allowed: readonly SpecDifference[];
}

type Verdict = keyof SpecComparison;

/** What a restore may change; everything that no row matches is refused. `*` is one reference token. */
const rules: readonly { readonly pattern: RegExp; readonly verdict: Verdict; readonly why: string }[] = [
  { pattern: /^\/root\/path$/, verdict: 'allowed', why: 'files are opened again under the new root' },
  { pattern: /^\/mounts\/\d+\/source$/, verdict: 'allowed', why: 'files are opened again under the new source' },
  { pattern: /^\/process\/env$/, verdict: 'warned', why: 'the process keeps the environment it was started with' },
  { pattern: /^\/hostname$/, verdict: 'warned', why: 'the process keeps the host name from the checkpoint' },
  { pattern: /^\/linux\/cgroupsPath$/, verdict: 'allowed', why: 'the cgroup is outside the checkpointed state' },
  { pattern: /^\/hooks$/, verdict: 'allowed', why: 'hooks run outside the checkpointed state' },
  { pattern: /^\/linux\/namespaces\/\d+\/path$/, verdict: 'allowed', why: 'the sandbox joins the new namespace' },
];

/** Lists whose items are told apart by one member, so that an item more or less is one difference, not many. */
const keyedLists: ReadonlyMap<string, string> = new Map([
  ['/mounts', 'destination'],
  ['/linux/namespaces', 'type'],
  ['/linux/devices', 'path'],
  ['/process/rlimits', 'type'],
]);

/** Lists that are sets: reported whole, since an index into a sorted set means nothing to the reader. */
const sets = /^\/process\/(capabilities\/[^/]+|user\/additionalGids)$|^\/linux\/(maskedPaths|readonlyPaths)$/;

/**
 * What differs between the spec a container was checkpointed with and the one a restore would use, by what a restore
 * may change. Both are normalised and redacted first, so either may be raw or as frozen in a manifest.
 */
export function compareSpecs(frozen: OciSpec, wanted: OciSpec): SpecComparison {
  const result = { refused: [] as SpecDifference[], warned: [] as SpecDifference[], allowed: [] as SpecDifference[] };
  const report: Report = (pointer, before, after, what) => {
    const rule = rules.find((one) => one.pattern.test(pointer));
    const change = before === undefined ? 'is added' : after === undefined ? 'is removed' : 'differs';
    const subject = what ?? pointer;
    result[rule?.verdict ?? 'refused'].push({
      pointer,
      ...(before === undefined ? {} : { frozen: before }),
      ...(after === undefined ? {} : { wanted: after }),
      message: rule ? `${subject} ${change}; ${rule.why}` : `${subject} ${change}, which a restore may not change`,
    });
  };
  walk('', redactSpec(normaliseSpec(frozen)), redactSpec(normaliseSpec(wanted)), {
    report,
    rawFrozen: frozen,
    rawWanted: wanted,
  });
  return result;
}

type Report = (pointer: string, frozen: unknown, wanted: unknown, what?: string) => void;

interface Context {
  readonly report: Report;
  /** As given, where the indices of pointers come from. */
  readonly rawFrozen: unknown;
  readonly rawWanted: unknown;
}

function walk(pointer: string, frozen: unknown, wanted: unknown, context: Context): void {
  if (canonicalize(frozen) === canonicalize(wanted)) return;
  if (pointer === '/process/env') return compareEnv(frozen, wanted, context.report);
  const key = keyedLists.get(pointer);
  if (key !== undefined && isListOf(frozen ?? [], key) && isListOf(wanted ?? [], key))
    return walkKeyed(pointer, key, frozen ?? [], wanted ?? [], context);
  if (pointer === '/hooks' || sets.test(pointer)) return context.report(pointer, frozen, wanted);
  if (isObject(frozen) && isObject(wanted)) {
    for (const name of new Set([...Object.keys(frozen), ...Object.keys(wanted)]))
      walk(pointer + token(name), frozen[name], wanted[name], context);
    return;
  }
  if (Array.isArray(frozen) && Array.isArray(wanted)) {
    for (let i = 0; i < Math.max(frozen.length, wanted.length); i++)
      walk(pointer + token(i), frozen[i], wanted[i], context);
    return;
  }
  context.report(pointer, frozen, wanted);
}

/** A list of objects with the member `key`, no two alike in it. */
const isListOf = (list: unknown, key: string): list is readonly JsonObject[] =>
  Array.isArray(list) &&
  list.every((item) => isObject(item) && typeof item[key] === 'string') &&
  new Set(list.map((item: JsonObject) => item[key])).size === list.length;

function walkKeyed(pointer: string, key: string, frozen: unknown, wanted: unknown, context: Context): void {
  const before = new Map((frozen as readonly JsonObject[]).map((item) => [item[key], item]));
  const after = new Map((wanted as readonly JsonObject[]).map((item) => [item[key], item]));
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const raw = after.has(name) ? context.rawWanted : context.rawFrozen;
    walk(pointer + token(rawIndex(raw, pointer, key, name)), before.get(name), after.get(name), context);
  }
  // Sets were sorted by normaliseSpec, so this is about mounts: what lies over what depends on their order.
  const common = (names: Iterable<unknown>, other: ReadonlyMap<unknown, unknown>): unknown[] =>
    [...names].filter((name) => other.has(name));
  const orderBefore = common(before.keys(), after);
  const orderAfter = common(after.keys(), before);
  if (orderBefore.some((name, i) => name !== orderAfter[i]))
    context.report(pointer, orderBefore, orderAfter, `the order of ${pointer}`);
}

function rawIndex(raw: unknown, pointer: string, key: string, name: unknown): number {
  const list = pointer
    .split('/')
    .slice(1)
    .reduce<unknown>((at, step) => (isObject(at) ? at[step] : undefined), raw);
  return Array.isArray(list) ? list.findIndex((item) => isObject(item) && item[key] === name) : -1;
}

/** By variable, since that is how people think of it; a mere change of order is one difference. */
function compareEnv(frozen: unknown, wanted: unknown, report: Report): void {
  const before = variables(frozen);
  const after = variables(wanted);
  let named = false;
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    if (before.get(name) === after.get(name)) continue;
    named = true;
    report('/process/env', before.get(name), after.get(name), `the variable ${name} in /process/env`);
  }
  if (!named) report('/process/env', frozen, wanted, 'the order of /process/env');
}

const variables = (env: unknown): ReadonlyMap<string, string> =>
  new Map(
    (Array.isArray(env) ? env : [])
      .filter((entry): entry is string => typeof entry === 'string')
      .map((entry) => [entry.split('=', 1)[0] ?? entry, entry]),
  );
