import { slots } from './format.ts';
import { frameTable, secretOf, type FramePlace, type FrameTable, type PackEntry } from './frameTable.ts';

/**
 * The frames that an image reads, out of those of its parent and those that its put added, in order of pack and number.
 * `maps` hold ordinals that count the parent's frames first and the added after; they are changed to count these.
 */
export function composeTable(
  sealed: boolean,
  parent: FrameTable | undefined,
  added: readonly (FramePlace | undefined)[],
  written: readonly PackEntry[],
  maps: readonly Int32Array[],
): { readonly table: FrameTable; readonly oldPacks: number } {
  const parentFrames = parent?.count ?? 0;
  const used = new Uint8Array(parentFrames + added.length);
  for (const map of maps) for (const ordinal of map) if (ordinal >= 0) used[Math.floor(ordinal / slots)] = 1;
  const basesOf = (from: number) =>
    (from < parentFrames ? parent?.bases[from] : added[from - parentFrames]?.bases) ?? [];
  for (let from = 0; from < used.length; from++) if (used[from] === 1) for (const base of basesOf(from)) used[base] = 1;

  const packs: PackEntry[] = [];
  const packAt = new Map<number, number>();
  const frames: { readonly from: number; readonly place: FramePlace }[] = [];
  for (let from = 0; parent !== undefined && from < parentFrames; from++) {
    if (used[from] === 0) continue;
    const its = parent.pack[from]!;
    if (!packAt.has(its)) packAt.set(its, packs.push(parent.packs[its]!) - 1);
    const place = {
      number: parent.number[from]!,
      offset: parent.offset[from]!,
      length: parent.length[from]!,
    };
    frames.push({
      from,
      place: { ...place, pack: packAt.get(its)!, secret: secretOf(parent, from), bases: [] },
    });
  }
  const oldPacks = packs.length;
  const fresh = added.flatMap((place, at) =>
    place === undefined ? [] : [{ from: parentFrames + at, place: { ...place, pack: place.pack + oldPacks } }],
  );
  frames.push(...fresh.toSorted((a, b) => a.place.pack - b.place.pack || a.place.number - b.place.number));

  const frameAt = new Int32Array(used.length);
  frames.forEach(({ from }, at) => (frameAt[from] = at));
  for (const map of maps)
    for (let page = 0; page < map.length; page++) {
      const ordinal = map[page]!;
      if (ordinal >= 0) map[page] = frameAt[Math.floor(ordinal / slots)]! * slots + (ordinal % slots);
    }
  const places = frames.map(({ from, place }) => ({
    ...place,
    bases: basesOf(from).map((base) => frameAt[base]!),
  }));
  return { table: frameTable(sealed, [...packs, ...written], places), oldPacks };
}

/** Pages that are in none of the parent's frames, each counted once. */
export function countNewPages(maps: readonly Int32Array[], parentFrames: number, addedFrames: number): number {
  const seen = new Uint8Array(addedFrames * slots);
  for (const map of maps)
    for (const ordinal of map) if (ordinal >= parentFrames * slots) seen[ordinal - parentFrames * slots] = 1;
  return seen.reduce((sum, one) => sum + one, 0);
}
