import { isStasisError } from '@stasis/errors';
import { QueryClient } from '@tanstack/react-query';

/** Answers are kept until an event says otherwise (see live/live.ts); only what may pass by itself is tried again. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (failures, error) => failures < 2 && isStasisError(error) && error.row.retryable,
    },
  },
});
