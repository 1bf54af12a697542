export * from './createRunsc.ts';
export * from './locate.ts';
export { needsKeeper, ensureKeeper, defaultKeeperFile } from './keeper.ts';
export { restoreArguments } from './restore.ts';
export { requireFreeName } from './nameTaken.ts';
export { runningUnder } from './runningUnder.ts';
