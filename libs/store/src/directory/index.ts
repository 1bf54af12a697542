export { openDirectoryStore } from './directoryStore.ts';
