export * from './memoryBroker.ts';
export * from './memoryBus.ts';
