import type { ClaimRule } from './oidcSettings.ts';

/** The role of somebody whom no rule gives one: they may ask who they are. */
export const noRole = 'none';

/** Pure: the role that the first fitting rule gives. */
export const roleOf = (claims: Readonly<Record<string, unknown>>, rules: readonly ClaimRule[]): string =>
  rules.find(({ claim, value }) => valuesOf(claims, claim).includes(value))?.role ?? noRole;

/**
 * What a claim holds: the strings of a list, or the words of a text (`scope` is a list of words, RFC 8693 section 4.2).
 * A name that is no claim is read as a path: `realm_access.roles`.
 */
function valuesOf(claims: Readonly<Record<string, unknown>>, name: string): readonly unknown[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : name.split('.').reduce<unknown>(fieldOf, claims);
  if (typeof value === 'string') return [value, ...value.split(' ')];
  return Array.isArray(value) ? value : [];
}

const fieldOf = (holder: unknown, name: string): unknown =>
  typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
    ? (holder as Readonly<Record<string, unknown>>)[name]
    : undefined;
