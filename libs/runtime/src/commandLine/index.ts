export * from './globalFlags.ts';
export * from './goFlags.ts';
export * from './report.ts';
export * from './runAttached.ts';
export * from './runSubcommand.ts';
