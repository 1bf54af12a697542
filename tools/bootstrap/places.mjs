import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Where runsc (bin/runsc) and the Kafka jars (kafka/lib) are kept, whatever STASIS_HOME says. */
export const toolsHome = path.resolve(process.env.STASIS_TOOLS || path.join(root, '.stasis'));

/** The Node that everything but the set-up itself runs on: it comes from npm, so any Node from 20.19 can start Stasis. */
export const node = path.join(root, 'node_modules/node/bin/node');
