export * from './checkpoint.ts';
export * from './common.ts';
export * from './container.ts';
export * from './events.ts';
export * from './ledger.ts';
export * from './node.ts';
export * from './problem.ts';
export * from './restore.ts';
