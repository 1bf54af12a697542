export * from './actions.ts';
export * from './client.ts';
export * from './problemError.ts';
export * from './readExport.ts';
export * from './routes/index.ts';
export * from './schemas/index.ts';
export * from './sse.ts';
export * from './words.ts';
