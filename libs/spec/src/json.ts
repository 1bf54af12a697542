/** Helpers on JSON values; objects here are plain, as JSON.parse makes them. */
export type JsonObject = { readonly [key: string]: unknown };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** One reference token of a JSON pointer (RFC 6901). */
export const token = (key: string | number): string => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** A copy with `change` applied to the value under `key`, or the object itself when there is none. */
export const withChanged = (object: JsonObject, key: string, change: (value: unknown) => unknown): JsonObject =>
  object[key] === undefined ? object : { ...object, [key]: change(object[key]) };

/**
 * The value without what Go's encoding/json would have left out or read as absent: null, empty arrays, empty objects.
 * Elements of arrays keep their place.
 */
export function dropEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(dropEmpty);
  if (!isObject(value)) return value;
  const kept = Object.entries(value)
    .map(([key, inner]) => [key, dropEmpty(inner)] as const)
    .filter(([, inner]) => !isEmpty(inner));
  return Object.fromEntries(kept);
}

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);
