import { describe } from 'vitest';
import { testDelivery } from './delivery.ts';
import { testFailures } from './failures.ts';
import { testGroups } from './groups.ts';
import { testOutage } from './outage.ts';
import { testTopics } from './topics.ts';
import { busWorld, type BusHarness } from './world.ts';

/**
 * What every carrier of the bus must do. Each adapter's test file calls it with its own carrier; `missing` says what is
 * not there on this machine, and then the tests are reported as skipped with that reason.
 */
export const testBus = (name: string, start: () => Promise<BusHarness>, missing?: string): void => {
  describe.skipIf(missing !== undefined)(`${name}${missing === undefined ? '' : `: ${missing}`}`, () => {
    const world = busWorld(start);
    testTopics(world);
    testDelivery(world);
    testGroups(world);
    testFailures(world);
    testOutage(world, 1500);
  });
};
