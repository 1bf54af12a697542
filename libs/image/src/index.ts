export * from './checkCompleteness.ts';
export * from './durableFile.ts';
export * from './manifest.ts';
export { manifestBytes, parseManifest, sha256Of } from './manifestBytes.ts';
export { type FileFacts, hashFile } from './readFiles.ts';
export { type ImageHeader, readHeader } from './readHeader.ts';
export * from './sealImage.ts';
export { checkFile, readManifest, verifyImage } from './verifyImage.ts';
