import { manifestFileName } from './manifest.ts';

/**
 * A strict check by hand of what a manifest looks like: the one-shot commands read one at every start, and loading a
 * schema library for it would take longer than all the rest of their start-up.
 */
type Check = (value: unknown, at: string) => string | undefined;

const text: Check = (value, at) => (typeof value === 'string' ? undefined : `${at} is not a string`);

const matches =
  (pattern: RegExp, what: string): Check =>
  (value, at) =>
    typeof value === 'string' && pattern.test(value) ? undefined : `${at} is not ${what}`;

const oneOf =
  (...known: readonly string[]): Check =>
  (value, at) =>
    known.some((one) => one === value) ? undefined : `${at} is not ${known.join(' or ')}`;

const listOf =
  (item: Check): Check =>
  (value, at) => {
    if (!Array.isArray(value)) return `${at} is not a list`;
    for (const [i, one] of value.entries()) {
      const fault = item(one, `${at}/${i}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

/** An object with exactly these members; those in `optional` may be absent. */
const object =
  (members: Readonly<Record<string, Check>>, optional: readonly string[] = []): Check =>
  (value, at) => {
    if (!isObject(value)) return `${at || '/'} is not an object`;
    for (const name of Object.keys(value))
      if (!Object.hasOwn(members, name)) return `${at}/${name} is not a member that this version knows`;
    for (const [name, check] of Object.entries(members)) {
      if (!Object.hasOwn(value, name)) {
        if (optional.includes(name)) continue;
        return `${at}/${name} is missing`;
      }
      const fault = check(value[name], `${at}/${name}`);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const digest = matches(/^sha256:[0-9a-f]{64}$/, 'a sha256 digest');
const time = matches(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/, 'an ISO 8601 time');
const size: Check = (value, at) =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? undefined : `${at} is not a size in bytes`;

/** A plain name: one path component that leads nowhere else, and not the manifest itself. */
const fileName: Check = (value, at) =>
  isPlainFileName(value) && value !== manifestFileName ? undefined : `${at} is not a plain file name`;

export const isPlainFileName = (value: unknown): value is string =>
  typeof value === 'string' && /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(value);

const spec: Check = (value, at) =>
  isObject(value) ? text(value['ociVersion'], `${at}/ociVersion`) : `${at} is not an object`;

const shape = object(
  {
    format: oneOf('stasis.image/v1'),
    checkpoint: text,
    container: object({ id: text, node: text, run: text }, ['node']),
    capturedAt: time,
    runtime: object({ name: text, version: text, platform: text }),
    host: object({ architecture: text, cpuFeatures: listOf(text), cpuModel: text, kernel: text }),
    compression: oneOf('none', 'flate-best-speed'),
    spec,
    files: listOf(object({ name: fileName, size, digest })),
    self: digest,
  },
  ['checkpoint'],
);

/** What is wrong with a value as a manifest, in words that start with a JSON pointer; undefined when nothing is. */
export function checkManifestShape(value: unknown): string | undefined {
  if (isObject(value) && typeof value['format'] === 'string' && value['format'] !== 'stasis.image/v1')
    return `has the format ${JSON.stringify(value['format'])}; this version reads stasis.image/v1 only`;
  const fault = shape(value, '');
  if (fault !== undefined) return `is malformed: ${fault}`;
  const names = (value as { files: { name: string }[] }).files.map((file) => file.name);
  if (names.length === 0) return 'is malformed: /files names no file';
  if (names.some((name, i) => i > 0 && !((names[i - 1] ?? '') < name)))
    return 'is malformed: /files is not in order of name, each once';
  return undefined;
}
