import { existsSync } from 'node:fs';
import path from 'node:path';

/** The checkout that this file is part of. */
export const checkout = path.resolve(import.meta.dirname, '../../../..');

/** Where the set-up keeps runsc and the Kafka jars, whatever STASIS_HOME says. */
export const toolsHome = (): string => path.resolve(process.env['STASIS_TOOLS'] || path.join(checkout, '.stasis'));

/** Where this installation keeps its data: STASIS_HOME, else `.stasis` in the checkout. */
export const stasisHome = (): string => path.resolve(process.env['STASIS_HOME'] || path.join(checkout, '.stasis'));

export const kafkaJars = (): string => path.join(toolsHome(), 'kafka/lib');

/** The Node that came from npm; without one (an image that ships its own) the Node we run on. */
export const nodeProgram = (): string => {
  const fromNpm = path.join(checkout, 'node_modules/node/bin/node');
  return existsSync(fromNpm) ? fromNpm : process.execPath;
};

/** Preloaded into every process that is started here, so that none outlives its parent. */
export const endWithParent = path.join(import.meta.dirname, 'endWithParent.ts');

/** Where Node keeps the code that it stripped of types and compiled: a second start takes a third less time. */
export const compileCache = (): string => path.join(toolsHome(), 'compile-cache');
