export * from './compareSpecs.ts';
export * from './normaliseSpec.ts';
export * from './ociSpec.ts';
export * from './parseSpec.ts';
export * from './redactSpec.ts';
export * from './specDigest.ts';
