import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { node, root } from './places.mjs';
import { run, SetUpError, tail, timed } from './step.mjs';

const read = (file) => {
  try {
    return readFileSync(path.join(root, file), 'utf8');
  } catch {
    return '';
  }
};
const digest = (...texts) => createHash('sha256').update(texts.join('\0')).digest('hex');

const lockStamp = 'node_modules/.stasis-lock';
const clientStamp = 'generated/.stasis-schema';
const lockDigest = () => digest(read('package-lock.json'));
const schemaDigest = () =>
  digest(read('prisma/schema.prisma'), read('prisma.config.ts'), read('node_modules/prisma/package.json'));
const clientIsThere = () => existsSync(path.join(root, 'generated/prisma'));

/** What `npm install` by hand left is good when every locked version is the installed one. */
const installedIsLocked = () => {
  const hidden = read('node_modules/.package-lock.json');
  if (hidden === '' || !existsSync(node)) return false;
  const installed = JSON.parse(hidden).packages;
  return Object.entries(JSON.parse(read('package-lock.json')).packages).every(
    ([place, locked]) =>
      !place.includes('node_modules/') ||
      locked.link ||
      (installed[place] ? installed[place].version === locked.version : locked.optional || locked.peer),
  );
};

export const dependenciesNeeded = () => read(lockStamp) !== lockDigest() || !existsSync(node);
export const clientNeeded = () => read(clientStamp) !== schemaDigest() || !clientIsThere();

/** `npm ci`, unless what is installed is what package-lock.json asks for. */
export const installDependencies = async () => {
  if (!dependenciesNeeded()) return;
  if (!installedIsLocked())
    await timed('dependencies (npm ci)', async () => {
      // npm_execpath is the npm that started us; node_modules/.bin must not be on PATH, since npm ci removes its node.
      const [command, ...args] = process.env.npm_execpath?.endsWith('.js')
        ? [process.execPath, process.env.npm_execpath]
        : ['npm'];
      const PATH = (process.env.PATH ?? '')
        .split(path.delimiter)
        .filter((part) => !part.startsWith(path.join(root, 'node_modules')))
        .join(path.delimiter);
      const ended = await run(command, [...args, 'ci', '--loglevel=warn', '--no-audit', '--no-fund'], {
        cwd: root,
        env: { ...process.env, PATH },
      });
      if (ended.code !== 0 || !existsSync(node))
        throw new SetUpError(
          `npm ci failed: check the network and the registry that npm uses (npm config get registry)\n${tail(ended.output)}`,
        );
      if (clientIsThere()) writeFileSync(path.join(root, clientStamp), schemaDigest());
      return /added \d+ packages/.exec(ended.output)?.[0];
    });
  writeFileSync(path.join(root, lockStamp), lockDigest());
};

/** `prisma generate`, when the schema or Prisma changed. */
export const generateClient = async () => {
  if (!clientNeeded()) return;
  await timed('database client (prisma generate)', async () => {
    const ended = await run(node, [path.join(root, 'node_modules/prisma/build/index.js'), 'generate'], { cwd: root });
    if (ended.code !== 0) throw new SetUpError(`prisma generate failed\n${tail(ended.output)}`);
    writeFileSync(path.join(root, clientStamp), schemaDigest());
  });
};
