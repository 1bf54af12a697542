import type { Append } from '../../port.ts';
import type { Folded } from '../../projection.ts';
import type { Sql } from '../database.ts';
import { writeCheckpointHistory } from './writeCheckpointHistory.ts';
import { writeContainerHistory } from './writeContainerHistory.ts';
import { writeFacets } from './writeFacets.ts';

type Text = NonNullable<Append['texts']>[number];

/**
 * Writes what auditors ask by, in the transaction of the events themselves. The cost of an append: one statement for the
 * facets; one or two more only in a batch where a container's run begins or ends, or a checkpoint becomes ready or goes.
 */
export async function writeHistory(sql: Sql, folded: readonly Folded[], texts: readonly Text[]): Promise<void> {
  if (folded.length === 0) return;
  await writeFacets(sql, folded, texts);
  await writeContainerHistory(sql, folded);
  await writeCheckpointHistory(sql, folded);
}
