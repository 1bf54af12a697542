import { describe } from 'vitest';
import { testContainerRuntime } from '../contract/index.ts';
import { createSimulated } from './createSimulated.ts';

describe('simulated', () => {
  testContainerRuntime(async (root) => createSimulated({ root, periodMs: 50 }));
});
