import { stat } from 'node:fs/promises';
import { packFiles } from './collectGarbage.ts';
import { fingerprintBlockBytes, packHeaderBytes } from './format.ts';
import type { LoadedImage } from './imageCatalog.ts';
import { imagePath, makePlaces, type Places } from './places.ts';
import { codeOf } from './storeFaults.ts';

/** What one image costs. */
export interface ImageUsage {
  readonly id: string;
  /** As it was captured. */
  readonly bytes: number;
  /** In the store: what no other image reads, and what others read as well. */
  readonly bytesOwn: number;
  readonly bytesShared: number;
}

export interface StoreUsage {
  readonly images: number;
  readonly packs: number;
  /** Of all images as they were captured. */
  readonly bytes: number;
  /** Of all objects in the store. */
  readonly bytesStored: number;
  /** Of those: in packs, and read by no image. */
  readonly bytesUnread: number;
}

/** In the order of `images`. */
export function usageByImage(images: readonly LoadedImage[]): ImageUsage[] {
  const readers = new Map<string, number>();
  for (const image of images) for (const { key } of framesOf(image)) readers.set(key, (readers.get(key) ?? 0) + 1);
  return images.map((image) => {
    let own = image.objectBytes;
    let shared = 0;
    for (const { key, bytes } of framesOf(image))
      if (readers.get(key) === 1) own += bytes;
      else shared += bytes;
    return { id: image.id, bytes: sizeOf(image), bytesOwn: own, bytesShared: shared };
  });
}

export async function usageOf(places: Places, images: readonly LoadedImage[]): Promise<StoreUsage> {
  await makePlaces(places);
  const packs = await packFiles(places);
  const read = new Map<string, number>();
  for (const image of images) {
    for (const { key, bytes } of framesOf(image)) read.set(key, bytes);
    for (const { id } of image.table.packs) read.set(id, packHeaderBytes);
  }
  let objects = 0;
  for (const { id } of images) objects += await sizeAt(imagePath(places, id));
  const packed = packs.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    images: images.length,
    packs: packs.length,
    bytes: images.reduce((sum, image) => sum + sizeOf(image), 0),
    bytesStored: objects + packed,
    bytesUnread: packed - [...read.values()].reduce((sum, bytes) => sum + bytes, 0),
  };
}

const sizeOf = ({ files }: LoadedImage): number => files.reduce((sum, { size }) => sum + size, 0);

function* framesOf({ table, files }: LoadedImage): Generator<{ key: string; bytes: number }> {
  for (let frame = 0; frame < table.count; frame++)
    yield {
      key: `${table.packs[table.pack[frame]!]!.id} ${table.offset[frame]}`,
      bytes: table.length[frame]! + fingerprintBlockBytes,
    };
  for (const file of files)
    if (file.kind === 'whole')
      for (const { pack, offset, length } of file.frames)
        yield { key: `${table.packs[pack]!.id} ${offset}`, bytes: length };
}

async function sizeAt(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
