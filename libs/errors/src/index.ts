export * from './stasisError.ts';
export * from './table.ts';
