import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { messageOf, StasisError } from '@stasis/errors';
import { removeAttempt } from './staleAttempts.ts';

/** What an image may consist of; `checkpoint.img` last, since a directory that has it counts as an image. */
const imageFiles = ['pages.img', 'pages_meta.img', 'manifest.json', 'checkpoint.img'];

/** An image directory that this command has been given, with the hidden directory in which the attempt is made. */
export interface ImagePlace {
  readonly imagePath: string;
  readonly attemptDir: string;
  /** Gives the files their names in the image directory, all or none. @throws StasisError ImageExists, RuntimeFailed */
  publish(): void;
  /** Removes the attempt, and the directories that were made for it if they are empty. Idempotent. */
  discard(): void;
}

/**
 * Makes the image directory (0755, with its parents) and an attempt directory in it: the same file system, so that
 * publishing needs no copy.
 * @throws StasisError ImageExists when a file of an image is there already; nothing is changed then.
 */
export function openImagePlace(path: string): ImagePlace {
  const imagePath = resolve(path);
  const firstMade = makeDirectories(imagePath);
  try {
    refuseExisting(imagePath);
    const attemptDir = mkdtempSync(join(imagePath, '.attempt-'));
    return {
      imagePath,
      attemptDir,
      publish: () => publish(attemptDir, imagePath),
      discard: () => {
        removeAttempt(attemptDir);
        removeEmpty(imagePath, firstMade);
      },
    };
  } catch (error) {
    removeEmpty(imagePath, firstMade);
    throw error;
  }
}

/** The outermost directory that had to be made, if any. */
function makeDirectories(imagePath: string): string | undefined {
  try {
    return mkdirSync(imagePath, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new StasisError('RuntimeFailed', `making directories at path provided: ${messageOf(error)}`, {
      next: 'Give an --image-path that can be made or is a directory.',
      cause: error,
    });
  }
}

function refuseExisting(imagePath: string): void {
  const taken = [...imageFiles].reverse().find((name) => lstatSync(join(imagePath, name), { throwIfNoEntry: false }));
  if (taken !== undefined) throw alreadyThere(join(imagePath, taken));
}

const alreadyThere = (file: string): StasisError =>
  new StasisError('ImageExists', `${file}: file exists`, {
    next: 'Give another --image-path; this image stays as it is.',
  });

function publish(attemptDir: string, imagePath: string): void {
  const order = imageFiles.filter((name) => existsSync(join(attemptDir, name)));
  const placed: string[] = [];
  try {
    for (const name of order) {
      placeExclusively(join(attemptDir, name), join(imagePath, name));
      placed.push(name);
    }
  } catch (error) {
    for (const name of placed) rmSync(join(imagePath, name));
    throw error;
  }
  rmSync(attemptDir, { recursive: true });
}

/** A hard link fails where the name exists; a rename would replace it. Not every file system has links. */
function placeExclusively(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'EEXIST') throw alreadyThere(to);
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'].includes(code)) throw error;
    if (existsSync(to)) throw alreadyThere(to);
    renameSync(from, to);
  }
}

function removeEmpty(imagePath: string, firstMade: string | undefined): void {
  if (firstMade === undefined) return;
  for (let at = imagePath; at.length >= firstMade.length; at = dirname(at)) {
    if (!existsSync(at)) continue;
    if (readdirSync(at).length > 0) return;
    rmdirSync(at);
  }
}
