import type { Append } from '../../port.ts';
import type { Folded } from '../../projection.ts';
import type { Sql } from '../database.ts';
import { writeCheckpointHistory } from './writeCheckpointHistory.ts';
import { writeContainerHistory } from './writeContainerHistory.ts';
import { facetValuesOf, writeFacets } from './writeFacets.ts';

type Text = NonNullable<Append['texts']>[number];

/** What `writeHistory` has to say. */
export interface HistoryWrites {
  readonly folded: readonly Folded[];
  readonly facets: readonly unknown[];
}

export const historyWritesOf = (folded: readonly Folded[], texts: readonly Text[]): HistoryWrites => ({
  folded,
  facets: facetValuesOf(folded, texts),
});

/**
 * Writes what auditors ask by, in the transaction of the events themselves. The cost of an append: one statement for the
 * facets; one or two more only in a batch where a container's run begins or ends, or a checkpoint becomes ready or goes.
 */
export async function writeHistory(sql: Sql, { folded, facets }: HistoryWrites): Promise<void> {
  if (folded.length === 0) return;
  await writeFacets(sql, facets);
  await writeContainerHistory(sql, folded);
  await writeCheckpointHistory(sql, folded);
}
