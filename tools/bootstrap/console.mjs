import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { node, root } from './places.mjs';
import { run, SetUpError, tail, timed } from './step.mjs';

const folder = path.join(root, 'apps/console');

/** What the console's pages are made of: its own files and the libs that it shares with the server. */
const places = [
  ...['src', 'public', 'index.html', 'vite.config.ts', 'package.json'].map((name) => path.join(folder, name)),
  ...['errors', 'container', 'events', 'lifecycle', 'proof', 'api-contract'].map((lib) =>
    path.join(root, 'libs', lib, 'src'),
  ),
];

const modified = (place) => statSync(place, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const below = (place) =>
  statSync(place).isDirectory()
    ? readdirSync(place, { recursive: true }).map((name) => path.join(place, name))
    : [place];

/** Whether a source is newer than the page. */
export const consoleNeeded = () => {
  const built = modified(path.join(folder, 'dist/index.html'));
  return built === 0 || places.flatMap(below).some((file) => modified(file) > built);
};

/** `vite build`, when a source changed since the last one. */
export const buildConsole = async () => {
  if (!consoleNeeded()) return;
  await timed('console (vite build)', async () => {
    const ended = await run(node, [path.join(root, 'node_modules/vite/bin/vite.js'), 'build'], { cwd: folder });
    if (ended.code !== 0) throw new SetUpError(`vite build failed\n${tail(ended.output)}`);
  });
};
