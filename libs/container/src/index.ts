export * from './name.ts';
export * from './status.ts';
