export { causeOf } from '../causeOf.ts';
export { isTmpfs } from '../agentConfig.ts';
export * from './fleet.ts';
export type { Report } from './report.ts';
