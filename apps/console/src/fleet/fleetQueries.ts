import type { ContainerStatus } from '@stasis/container';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { api } from '../session/client.ts';

export interface FleetFilter {
  readonly node?: string | undefined;
  readonly name?: string | undefined;
  readonly status?: string | undefined;
  readonly at?: string | undefined;
}

const pageSize = 1000;

/** Containers page by page, as the filter and the instant say. */
export const useContainers = ({ node, name, status, at }: FleetFilter) =>
  useInfiniteQuery({
    queryKey: ['list', 'containers', node, name, status, at],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      api.listContainers({
        query: {
          limit: pageSize,
          ...(node !== undefined && { node }),
          ...(name !== undefined && { name }),
          ...(status !== undefined && { status: status as ContainerStatus }),
          ...(at !== undefined && { asOf: at }),
          ...(pageParam !== undefined && { cursor: pageParam }),
        },
      }),
    getNextPageParam: ({ next }) => next ?? undefined,
  });

export const useNodes = () =>
  useQuery({
    queryKey: ['list', 'nodes'],
    refetchInterval: 10_000,
    queryFn: () => api.listNodes({ query: { limit: 1000 } }),
  });
