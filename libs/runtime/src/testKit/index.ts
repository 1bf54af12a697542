export * from './findTestRunsc.ts';
export * from './runProgram.ts';
export * from './sandboxes.ts';
export * from './workload.ts';
