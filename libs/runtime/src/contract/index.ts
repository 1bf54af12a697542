import { testCaptures } from './captures.ts';
import { testContainers } from './containers.ts';
import { testRestores } from './restores.ts';
import type { OpenRuntime } from './world.ts';

/** The promises of `ContainerRuntime`, the same sentences for every implementation. */
export function testContainerRuntime(open: OpenRuntime): void {
  testContainers(open);
  testCaptures(open);
  testRestores(open);
}
