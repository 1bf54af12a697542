import type { Page } from '@stasis/api-contract';

/** Reads page after page into one; `position` is that of the first, which is the oldest. At most `limit` items. */
export const allPages = async <T>(
  read: (cursor: { cursor?: string; limit: number }) => Promise<Page<T>>,
  limit = 100_000,
): Promise<Page<T>> => {
  const first = await read({ limit: Math.min(limit, 1000) });
  const items = [...first.items];
  let { next } = first;
  while (next != null && items.length < limit) {
    const page = await read({ cursor: next, limit: Math.min(limit - items.length, 1000) });
    items.push(...page.items);
    ({ next } = page);
  }
  return { ...first, items, ...(next !== undefined && { next }) };
};
