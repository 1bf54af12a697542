import { reasonCodes } from '@stasis/errors';
import { z } from 'zod';

/** Why a person or a policy asked for something, as given. Free text never enters a leaf; see `reasonInLeaf`. */
export const reasonGiven = z
  .object({
    code: z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,64}$/)
      .optional(),
    text: z.string().min(1).max(2000),
    ticket: z
      .string()
      .regex(/^[A-Za-z0-9#._/-]{1,64}$/)
      .optional(),
  })
  .strict();
export type ReasonGiven = z.infer<typeof reasonGiven>;

/** What the leaf holds of it: `textDigest` = SHA-256(salt ‖ text); text and salt lie beside the row and can be erased. */
export const reasonInLeaf = z
  .object({
    code: z.string().optional(),
    ticket: z.string().optional(),
    textDigest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  })
  .strict();
export type ReasonInLeaf = z.infer<typeof reasonInLeaf>;

/** Why something was refused or failed: a code of the closed list and one sentence without secrets. */
export const cause = z.object({ reason: z.enum(reasonCodes), message: z.string().max(4000) }).strict();
export type Cause = z.infer<typeof cause>;
