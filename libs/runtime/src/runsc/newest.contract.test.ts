import { describe, expect, it } from 'vitest';
import { testContainerRuntime } from '../contract/index.ts';
import { createRunsc } from './createRunsc.ts';
import { probe } from './probe.ts';
import { newestRunsc, isRequired } from '../testKit/index.ts';

const found = newestRunsc();
const features = found && (await probe(found.binary)).info.features;

describe('newest runsc', { timeout: 30_000 }, () => {
  it.skipIf(found === undefined && !isRequired)('is there: STASIS_RUNSC, .stasis/bin/runsc or PATH', () => {
    expect(found?.version).toBeTypeOf('string');
  });
  if (found !== undefined && features !== undefined)
    testContainerRuntime((root) => createRunsc({ binary: found.binary, root }), features);
});
