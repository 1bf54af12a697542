import { ByteReader, ByteWriter, malformed } from './bytes.ts';
import { slots, zeroPage } from './format.ts';
import { frameFinder, type FrameTable } from './frameTable.ts';

/** The kinds of run in a page map, in the two low bits of its head; the rest of the head is its length in pages. */
const zeros = 0;
/** Pages at the positions after the last run's. */
const onward = 1;
/** Pages from a position that is told relative to where the last run in that pack ended. */
const jump = 2;

/**
 * Where each page of a file is, as runs. A page's position is its frame's number in the pack * 64 + slot. Pages that did
 * not change since the parent come in long runs or follow each other with small gaps, so that one costs a byte or less.
 */
export function encodePageMap(map: Int32Array, table: FrameTable): Buffer {
  const out = new ByteWriter();
  const cursor = new Float64Array(table.packs.length);
  let pack = -1;
  for (let page = 0; page < map.length;) {
    const from = page;
    const first = map[page]!;
    if (first === zeroPage) {
      while (page < map.length && map[page] === zeroPage) page++;
      out.varint((page - from) * 4 + zeros);
      continue;
    }
    const its = packOf(table, first);
    const start = positionOf(table, first);
    do page++;
    while (
      page < map.length &&
      map[page] !== zeroPage &&
      packOf(table, map[page]!) === its &&
      positionOf(table, map[page]!) === start + page - from
    );
    const gap = start - cursor[its]!;
    out.varint((page - from) * 4 + (its === pack && gap === 0 ? onward : jump));
    if (its !== pack || gap !== 0) {
      out.varint(its);
      out.zigzag(gap);
    }
    pack = its;
    cursor[its] = start + page - from;
  }
  return out.done();
}

/** The ordinals of a file's pages; into shared memory, for the workers. @throws StasisError IntegrityMismatch */
export function decodePageMap(bytes: Buffer, pages: number, table: FrameTable): Int32Array {
  const from = new ByteReader(bytes);
  const frameOf = frameFinder(table);
  const map = new Int32Array(new SharedArrayBuffer(pages * 4));
  const cursor = new Float64Array(table.packs.length);
  let pack = -1;
  for (let page = 0; page < pages;) {
    const head = from.varint();
    const count = Math.floor(head / 4);
    const kind = head % 4;
    if (count === 0 || count > pages - page || kind > jump) throw malformed('a run of pages that cannot be');
    if (kind === zeros) {
      map.fill(zeroPage, page, page + count);
      page += count;
      continue;
    }
    if (kind === jump) {
      pack = from.varint();
      if (pack >= table.packs.length) throw malformed('a pack that is not listed');
      cursor[pack]! += from.zigzag();
    }
    if (pack < 0) throw malformed('a run that follows nothing');
    let position = cursor[pack]!;
    for (const end = page + count; page < end; page++, position++) {
      const frame = position < 0 ? -1 : frameOf(pack, Math.floor(position / slots));
      if (frame < 0) throw malformed('a frame that is not listed');
      map[page] = frame * slots + (position % slots);
    }
    cursor[pack] = position;
  }
  from.end();
  return map;
}

const packOf = (table: FrameTable, ordinal: number): number => table.pack[Math.floor(ordinal / slots)]!;

const positionOf = (table: FrameTable, ordinal: number): number =>
  table.number[Math.floor(ordinal / slots)]! * slots + (ordinal % slots);
