export type * from './port.ts';
export * from './hostFacts.ts';
