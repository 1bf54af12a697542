import { z } from 'zod';

/** What an export was of, so that two of them can be laid side by side and a gap between them shows. */
export const exportManifest = z.object({
  kind: z.literal('stasis-export/1'),
  ledger: z.string(),
  filter: z.record(z.string(), z.unknown()),
  file: z.string(),
  format: z.enum(['ndjson', 'csv']),
  rows: z.number().int(),
  bytes: z.number().int(),
  sha256: z.string(),
  /** Positions above `after` and up to `upTo` were looked through. */
  range: z.object({ after: z.number().int(), upTo: z.number().int() }),
  /** Events of the ledger `system` that record it. */
  read: z.string(),
  exported: z.string(),
  /** A signed tree head that covers the range, and the key it opens with. */
  treeHead: z.string(),
  verifierKey: z.string(),
  previous: z
    .object({
      upTo: z.number().int(),
      treeSize: z.number().int(),
      /** Base64: that this head's tree only added to the previous one's (RFC 6962). */
      consistency: z.array(z.string()),
      /** Positions between the two exports that neither holds; 0 = none. */
      missing: z.number().int(),
    })
    .exactOptional(),
});
export type ExportManifest = z.infer<typeof exportManifest>;
