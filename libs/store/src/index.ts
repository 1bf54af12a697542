export * from './openStore.ts';
export * from './port.ts';
export type { Collected, PackState } from './pages/collectGarbage.ts';
export type { ImageFacts, PageStore } from './pages/pageStore.ts';
export { plainWarning } from './pages/settings.ts';
export type { ImageUsage, StoreUsage } from './pages/usage.ts';
export { newImageId } from './imageId.ts';
