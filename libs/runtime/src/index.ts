export * from './captureFiles.ts';
export type * from './port.ts';
export * from './hostFacts.ts';
export { isSameProcess, processFacts } from './process/procfs.ts';
