export * from './kafkaBus.ts';
export type { KafkaBusOptions } from './settings.ts';
