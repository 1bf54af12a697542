export * from './sampleImage.ts';
export * from './writeRuntimeFiles.ts';
