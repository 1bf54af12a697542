import { describe, expect, it } from 'vitest';
import { testContainerRuntime } from '../contract/index.ts';
import { createRunsc } from './createRunsc.ts';
import { probe } from './probe.ts';
import { distributionRunsc, isDistributionRequired } from '../testKit/index.ts';

const found = distributionRunsc();
const features = found && (await probe(found.binary)).info.features;

describe('runsc of the distribution', { timeout: 30_000 }, () => {
  it.skipIf(found === undefined && !isDistributionRequired())('is there: STASIS_RUNSC_2022 or /usr/bin/runsc', () => {
    expect(found?.version).toBeTypeOf('string');
  });
  if (found !== undefined && features !== undefined)
    testContainerRuntime((root) => createRunsc({ binary: found.binary, root }), features);
});
