export * from './ociSpec.ts';
