export * from './freePort.ts';
export * from './guard.ts';
export * from './kafka.ts';
export * from './postgres.ts';
export * from './docsSection.ts';
export * from './selfSigned.ts';
