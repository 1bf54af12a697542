import { topics } from '@stasis/bus';
import { isStasisError } from '@stasis/errors';
import type { Platform } from '../platform.ts';
import { noteRecorded } from '../recordRequest.ts';
import { createNodeKeys } from '../signatures/nodeKeys.ts';
import { createRefusals } from '../signatures/refusals.ts';
import { recordFacts, type RecordParts } from './recordFacts.ts';

const group = 'stasis-api';

/** Records what nodes tell, from now on. @returns what ends it */
export async function startRecorder(platform: Platform): Promise<() => Promise<void>> {
  const { ledger, bus, log, metrics } = platform;
  const keys = createNodeKeys(ledger);
  const refusals = createRefusals({
    ledger,
    bus,
    group,
    log,
    onRefused: (why) => metrics.signatureRefused(why),
    onRecorded: (recorded) => noteRecorded(platform, recorded),
  });
  const parts: RecordParts = {
    ledger,
    keys,
    onRecorded: (added, stream) => noteRecorded(platform, { added, stream }),
    onRefused: (refused) => refusals.take(refused),
  };
  const subscription = await bus.subscribe({
    topic: topics.facts,
    group,
    onBatch: (messages) => recordFacts(parts, messages),
    onPoison: ({ offset, partition }, reason) => {
      metrics.factSetAside(isStasisError(reason) ? reason.code : 'Internal');
      log.warn({ partition, offset, err: reason }, 'a fact was set aside');
    },
  });
  return async () => {
    await subscription.stop();
    await refusals.close();
    keys.close();
  };
}
