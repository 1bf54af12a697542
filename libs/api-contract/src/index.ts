export * from './routes/index.ts';
export * from './schemas/index.ts';
