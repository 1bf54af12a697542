export * from './canonicalBytes.ts';
export * from './catalogue.ts';
export * from './envelope.ts';
export * from './ids.ts';
export * from './outcome.ts';
export * from './reason.ts';
export * from './signedContent.ts';
export * from './stream.ts';
