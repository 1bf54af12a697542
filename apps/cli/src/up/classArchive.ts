import { existsSync, readFileSync, realpathSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { kafkaJars } from './places.ts';

export interface ClassArchive {
  /** For the command line of the broker. */
  readonly flags: readonly string[];
  /** To be called when the broker has ended: keeps what it wrote down. */
  keep(): void;
}

const javaOnPath = (): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .map((directory) => path.join(directory, 'java'))
    .find((file) => existsSync(file));

/** The archive of the Java on PATH: another Java, or another build of it, has one of its own. */
const archiveFile = (): string | undefined => {
  const java = javaOnPath();
  if (java === undefined) return undefined;
  const { size, mtimeMs } = statSync(realpathSync(java));
  return path.join(path.dirname(kafkaJars()), `classes-${size}-${Math.trunc(mtimeMs)}.jsa`);
};

/**
 * The classes of the broker as its first orderly end wrote them down (application class data sharing, JEP 350): with
 * them a broker starts in about half the time. The first end takes some seconds longer for it. An archive that does not
 * fit is passed over by Java itself.
 */
export const classArchive = (): ClassArchive => {
  const file = archiveFile();
  if (file === undefined) return { flags: [], keep: () => undefined };
  if (existsSync(file)) return { flags: [`-XX:SharedArchiveFile=${file}`, '-Xshare:auto'], keep: () => undefined };
  const fresh = `${file}.${process.pid}`;
  return {
    flags: [`-XX:ArchiveClassesAtExit=${fresh}`],
    keep: () => {
      if (!existsSync(fresh)) return;
      // Java writes the header last: without it, the broker was killed in the middle.
      if (readFileSync(fresh).readUInt32LE(0) === 0) rmSync(fresh);
      else renameSync(fresh, file);
    },
  };
};
