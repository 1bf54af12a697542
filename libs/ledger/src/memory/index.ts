export * from './createMemoryLedger.ts';
