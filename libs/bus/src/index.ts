export * from './cloudEventMessage.ts';
export * from './openBus.ts';
export * from './partitionOf.ts';
export { poisonHeaders, poisonMessage, poisonTopicOf } from './poison.ts';
export * from './port.ts';
export * from './topics.ts';
