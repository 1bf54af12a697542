import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { syncDir, writeNew } from '@stasis/image';
import { decodeImageHead } from './imageObject.ts';
import { imageIds, imagePath, makePlaces, packPath, tempPath, type Places } from './places.ts';
import { declaredPacks } from './putIntent.ts';
import { codeOf } from './storeFaults.ts';
import { sweepTemporary } from './sweepTemporary.ts';

export interface PackState {
  readonly pack: string;
  readonly bytes: number;
  /** live: images read it; declared: a put counts on it; young: within the grace; dead: nothing needs it. */
  readonly state: 'live' | 'declared' | 'young' | 'dead';
  /** The images that read it: why it stays. */
  readonly images: readonly string[];
}

export interface Collected {
  readonly packs: readonly PackState[];
  /** Of the dead packs: freed, or with `dryRun` what would be. */
  readonly bytesFreed: number;
  readonly dryRun: boolean;
}

/**
 * Removes the packs that no image reads (mark and sweep). Safe beside running puts: a pack within the grace, or named in
 * the intent of a put within it, stays. Needs no key. An image object that cannot be read ends it before anything goes.
 * @throws StasisError IntegrityMismatch, NotSupported
 */
export async function collectGarbage(
  places: Places,
  { dryRun, graceMs }: { readonly dryRun: boolean; readonly graceMs: number },
): Promise<Collected> {
  await makePlaces(places);
  const now = await fileSystemTime(places);
  const packs = await packFiles(places);
  // Images before intents: see declareIntent.
  const readers = await readersByPack(places);
  const declared = await declaredPacks(places, now, graceMs);
  const states = packs.map(({ pack, bytes, at }): PackState => {
    const images = readers.get(pack) ?? [];
    const state = images.length > 0 ? 'live' : declared.has(pack) ? 'declared' : now - at < graceMs ? 'young' : 'dead';
    return { pack, bytes, state, images };
  });
  const dead = states.filter(({ state }) => state === 'dead');
  if (!dryRun) {
    for (const { pack } of dead) await rm(packPath(places, pack), { force: true });
    if (dead.length > 0) await syncDir(places.packs);
    await sweepTemporary(places);
  }
  return { packs: states, bytesFreed: dead.reduce((sum, { bytes }) => sum + bytes, 0), dryRun };
}

/** The clock of the file system, which all users of the store share. */
async function fileSystemTime(places: Places): Promise<number> {
  const probe = tempPath(places);
  try {
    await writeNew(probe, async () => {}, { sync: false });
    return (await stat(probe)).mtimeMs;
  } finally {
    await rm(probe, { force: true });
  }
}

/** In order of id. */
export async function packFiles(places: Places): Promise<{ pack: string; bytes: number; at: number }[]> {
  const found: { pack: string; bytes: number; at: number }[] = [];
  for (const pack of (await readdir(places.packs)).toSorted()) {
    try {
      const { size: bytes, mtimeMs: at } = await stat(packPath(places, pack));
      found.push({ pack, bytes, at });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
    }
  }
  return found;
}

async function readersByPack(places: Places): Promise<Map<string, string[]>> {
  const readers = new Map<string, string[]>();
  for (const id of await imageIds(places)) {
    let bytes: Buffer;
    try {
      bytes = await readFile(imagePath(places, id));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') continue;
      throw error;
    }
    for (const pack of decodeImageHead(bytes, id).packIds) readers.set(pack, [...(readers.get(pack) ?? []), id]);
  }
  return readers;
}
