import { z } from 'zod';

/** A fact without what the api itself puts into the envelope. `data` is checked against the catalogue. */
export const factTold = z
  .object({
    id: z.string().max(64),
    type: z.string().max(128),
    subject: z.string().min(1).max(256),
    time: z.iso.datetime(),
    data: z.unknown(),
  })
  .strict();
export type FactTold = z.infer<typeof factTold>;

/** Each fact, in the order in which they were told. Without a position it added nothing: the resource had moved on. */
export const reported = z
  .object({ items: z.array(z.object({ id: z.string(), position: z.number().int().exactOptional() })) })
  .meta({ id: 'Reported' });
