import { describe } from 'vitest';
import { testContainerRuntime } from '../contract/index.ts';
import { createSimulated } from './createSimulated.ts';

const { features } = await createSimulated({ root: '/nowhere' }).info();

describe('simulated', () => {
  testContainerRuntime(async (root) => createSimulated({ root, periodMs: 50 }), features);
});
