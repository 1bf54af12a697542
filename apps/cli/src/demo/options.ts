import type { RuntimeKind } from '../up/index.ts';

export interface DemoOptions {
  /** `kafka` or `postgres`; else what this machine can run. */
  readonly bus?: string;
  readonly runtime: RuntimeKind;
  /** The home and the restored container stay. */
  readonly keep: boolean;
}

export const nodes = ['node-a', 'node-b'] as const;
export const counterName = 'counter';
export const megabytes = 64;
