import { type AnswerOf, type ReadQuery, routes } from '@stasis/api-contract';
import { defaultLedger } from '@stasis/events';
import { rebuildProjections } from '@stasis/ledger/postgres';
import { implement, type Implemented } from '../http/implement.ts';
import type { Platform } from '../platform.ts';
import { checkSignatures } from '../signatures/checkSignatures.ts';
import { verifyWithHeads } from './verifyWithHeads.ts';

/** GET /v1/audit/verify, POST /v1/ledger/verify and POST /v1/ledger/rebuild. */
export const checkLedger = (platform: Platform): Implemented[] => [
  implement(routes.verifyLedger, ({ query }) => verify(platform, query)),
  implement(routes.verifyLedgerNow, ({ query }) => verify(platform, query)),
  implement(routes.rebuildLedger, async ({ query }) => {
    const { ledger = defaultLedger } = query;
    const started = performance.now();
    const { events, rows, differing } = await rebuildProjections(platform.ledger.database, ledger);
    return { ledger, events, rows: { ...rows }, differing: { ...differing }, durationMs: performance.now() - started };
  }),
];

async function verify(
  platform: Platform,
  { ledger = defaultLedger, signatures: isAsked = false }: ReadQuery<typeof routes.verifyLedger>,
): Promise<AnswerOf<typeof routes.verifyLedger>> {
  const started = performance.now();
  const { size, verified, treeHeads, ...chain } = await verifyWithHeads(platform.ledger.database, {
    ledger,
    verifierKey: platform.ledgerKey.verifierKeyOf(ledger),
    directory: platform.headsDirectory,
  });
  const signatures = isAsked ? await checkSignatures(platform.ledger, ledger) : undefined;
  const firstBad = chain.firstBad ?? signatures?.firstBad;
  return {
    ledger,
    size,
    verified: firstBad === undefined && verified === size,
    treeHeads,
    ...(signatures && { signatures: { signed: signatures.signed, unsigned: signatures.unsigned } }),
    ...(firstBad && { firstBad: { position: firstBad.position, message: firstBad.why } }),
    durationMs: performance.now() - started,
  };
}
