/** The SQLSTATE of whatever Prisma or pg threw, when there is one: the adapter keeps it some causes deep. */
export function sqlStateOf(error: unknown, depth = 0): string | undefined {
  if (typeof error !== 'object' || error === null || depth > 6) return undefined;
  const { originalCode, code, meta, driverAdapterError, cause } = error as Record<string, unknown>;
  for (const candidate of [originalCode, code])
    if (typeof candidate === 'string' && /^[0-9A-Z]{5}$/.test(candidate) && !/^P[0-9]{4}$/.test(candidate))
      return candidate;
  for (const inner of [driverAdapterError, meta, cause]) {
    const found = sqlStateOf(inner, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Classes 22 (data exception) and 23 (constraint): the same values will be refused again. */
export const isRefusedByData = (error: unknown): boolean => /^2[23]/.test(sqlStateOf(error) ?? '');
