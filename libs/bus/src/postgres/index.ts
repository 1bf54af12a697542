export { createBusLogin, type BusLogin } from './installSchema.ts';
export * from './postgresBus.ts';
