export * from './createSimulated.ts';
export { simulatedVersion } from './simulatedImage.ts';
