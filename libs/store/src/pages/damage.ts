import { readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { manifestFileName } from '@stasis/image';
import { basename } from 'node:path';
import type { Damage } from '../contract.ts';
import { fileOf, loadImage } from './imageCatalog.ts';
import { readKeyFile } from './keyFile.ts';
import { imagePath, packPath, placesOf } from './places.ts';

/** For tests: harms the bytes in which a stored file is kept; for the manifest, the image object. Returns its name. */
export async function damagePages(
  root: string,
  keyFile: string,
  how: Damage,
  id: string,
  file: string,
  otherId: string,
): Promise<string> {
  const kept = (image: string): Promise<{ path: string; at: number }> =>
    file === manifestFileName
      ? Promise.resolve({ path: imagePath(placesOf(root), image), at: 100 })
      : placeOf(root, keyFile, image, file);
  const { path, at } = await kept(id);
  if (how === 'missing') await rm(path);
  else if (how === 'cut') await truncate(path, at + 1);
  else if (how === 'swapped') {
    const other = await kept(otherId);
    await rename(path, `${path}.held`);
    await rename(other.path, path);
    await rename(`${path}.held`, other.path);
  } else {
    const bytes = await readFile(path);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(path, bytes);
  }
  return basename(path);
}

/** Where the first frame of a file begins. */
async function placeOf(root: string, keyFile: string, id: string, name: string): Promise<{ path: string; at: number }> {
  const places = placesOf(root);
  const image = await loadImage(places, id, await readKeyFile(keyFile));
  const file = image && fileOf(image, name);
  if (image === undefined || file === undefined) throw new Error(`${id} has no ${name}`);
  const { pack, offset } =
    file.kind === 'whole' ? file.frames[0]! : { pack: image.table.pack[0]!, offset: image.table.offset[0]! };
  return { path: packPath(places, image.table.packs[pack]!.id), at: offset };
}
