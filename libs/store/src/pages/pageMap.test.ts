import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxFramesInPack, slots, zeroPage } from './format.ts';
import { frameTable, readFrameTable, writeFrameTable, type FramePlace } from './frameTable.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { decodePageMap, encodePageMap } from './pageMap.ts';

/** Frames of some packs, in order, with gaps in number and offset as other images leave them. */
const tables = fc
  .array(fc.uniqueArray(fc.integer({ min: 0, max: maxFramesInPack - 1 }), { maxLength: 12 }), {
    maxLength: 4,
  })
  .map((packs) => {
    const frames: FramePlace[] = packs.flatMap((numbers, pack) =>
      numbers
        .toSorted((a, b) => a - b)
        .map((number) => ({
          pack,
          number,
          offset: 32 + number * 1000,
          length: 900,
          secret: randomBytes(32),
          bases: [],
        })),
    );
    const ids = packs.map(() => ({ id: randomBytes(16).toString('hex'), fingerprintsAt: 4096 }));
    return frameTable(true, ids, frames);
  });

const tablesWithMaps = tables.chain((table) =>
  fc.tuple(
    fc.constant(table),
    fc
      .array(
        fc.tuple(fc.integer({ min: -1, max: Math.max(-1, table.count * slots - 1) }), fc.integer({ min: 1, max: 200 })),
        { maxLength: 30 },
      )
      .map((runs) =>
        Int32Array.from(
          runs.flatMap(([first, length]) =>
            Array.from({ length }, (_, at) =>
              first === zeroPage ? zeroPage : Math.min(first + at, table.count * slots - 1),
            ),
          ),
        ),
      ),
  ),
);

describe('a page map', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(tablesWithMaps, ([table, map]) => {
        expect([...decodePageMap(encodePageMap(map, table), map.length, table)]).toEqual([...map]);
      }),
    );
  });

  it('costs next to nothing where nothing changed, and a few bytes a page where every tenth did', () => {
    const places = (pack: number, count: number): FramePlace[] =>
      Array.from({ length: count }, (_, number) => ({
        ...{
          pack,
          number,
          offset: 32 + number * 1000,
          length: 900,
          secret: new Uint8Array(32),
          bases: [],
        },
      }));
    const ids = ['a', 'b'].map((id) => ({ id: id.repeat(32), fingerprintsAt: 4096 }));
    const table = frameTable(true, ids, [...places(0, 100), ...places(1, 10)]);
    const same = Int32Array.from({ length: 6400 }, (_, at) => at);
    expect(encodePageMap(same, table).length).toBeLessThan(10);
    const changed = same.map((page) => (page % 10 === 9 ? 6400 + (page - 9) / 10 : page));
    expect(encodePageMap(changed, table).length).toBeLessThan(6400 * 0.7);
  });

  it('is refused when it is cut, or when it names a frame that is not listed', () => {
    fc.assert(
      fc.property(tablesWithMaps, ([table, map]) => {
        fc.pre(map.length > 0);
        const bytes = encodePageMap(map, table);
        expect(() => decodePageMap(bytes.subarray(0, -1), map.length, table)).toThrow('format');
      }),
    );
    const out = new ByteWriter();
    out.varint(4 + 2);
    out.varint(0);
    out.zigzag(64);
    const table = frameTable(true, [{ id: 'a'.repeat(32), fingerprintsAt: 0 }], []);
    expect(() => decodePageMap(out.done(), 1, table)).toThrow('a frame that is not listed');
  });
});

it('refuses a frame table with a patch against a patch, or against nothing', () => {
  const frame = (number: number, bases: number[]): FramePlace => ({
    ...{ pack: 0, number, offset: 32 + number * 1000, length: 900, secret: new Uint8Array(32), bases },
  });
  const ids = ['a'.repeat(32)];
  for (const frames of [[frame(0, []), frame(1, [0]), frame(2, [1])], [frame(0, [7])]]) {
    const out = new ByteWriter();
    writeFrameTable(out, frameTable(true, [{ id: ids[0]!, fingerprintsAt: 4096 }], frames));
    expect(() => readFrameTable(new ByteReader(out.done()), true, ids)).toThrow('a patch against');
  }
});

it('keeps a frame table as it was', () => {
  fc.assert(
    fc.property(tables, (table) => {
      const out = new ByteWriter();
      writeFrameTable(out, table);
      const ids = table.packs.map(({ id }) => id);
      const from = new ByteReader(out.done());
      expect(readFrameTable(from, true, ids)).toEqual(table);
      from.end();
    }),
  );
});
