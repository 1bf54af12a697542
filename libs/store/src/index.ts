export * from './openStore.ts';
export * from './port.ts';
