export * from './bytes.ts';
export * from './consistency.ts';
export * from './hash.ts';
export * from './inclusion.ts';
export * from './root.ts';
export * from './signedNote.ts';
export * from './treeFrontier.ts';
export * from './treeHead.ts';
