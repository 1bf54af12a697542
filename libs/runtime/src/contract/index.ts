import type { RuntimeInfo } from '../port.ts';
import { testCaptures } from './captures.ts';
import { testContainers } from './containers.ts';
import { testRestores } from './restores.ts';
import type { OpenRuntime } from './world.ts';

/**
 * The promises of `ContainerRuntime`, the same sentences for every implementation. What only some can do is promised by
 * those that name the feature; the others promise to refuse it.
 */
export function testContainerRuntime(open: OpenRuntime, features: RuntimeInfo['features']): void {
  testContainers(open);
  testCaptures(open, features);
  testRestores(open);
}
