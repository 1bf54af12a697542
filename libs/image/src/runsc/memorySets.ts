import {
  NotWire,
  type WireList,
  type WireRef,
  type WireSlice,
  type WireStruct,
  type WireType,
  type WireValue,
} from './wire.ts';

/** One section of objects, built. */
export interface Section {
  /** Type n of the section is at n - 1. */
  readonly types: readonly WireType[];
  /** By their numbers; 1 is the root. */
  readonly objects: ReadonlyMap<number, WireValue>;
}

/** The name of the root's type, without its package's path; undefined for a root that is no struct. */
export function rootType(section: Section): string | undefined {
  const root = section.objects.get(1);
  return isStruct(root) ? section.types[root.typeId - 1]?.name.split('.').at(-1) : undefined;
}

/** How many private memory files a `privateMemoryFileMetadata` announces. */
export function ownerCount(section: Section): number {
  const owners = field(section, section.objects.get(1), 'owners');
  return isSlice(owners) ? owners.length : 0;
}

/**
 * How many bytes of pages one memory file has in the image, from its set of ranges as builds before protobuf metadata
 * wrote it; SaveTo writes exactly the ranges that are known committed. Undefined for a section that is no such set.
 *
 *   2024: memAcctSet {root: []memAcctFlatSegment{Start, End, Value: memAcctInfo{…, knownCommitted, …}}}
 *   2022: usageSet {root: *usageSegmentDataSlices{Start, End: []uint64, Values: []usageInfo{kind, knownCommitted, refs}}}
 */
export function committedBytes(section: Section): number | undefined {
  const type = rootType(section);
  if (type !== 'memAcctSet' && type !== 'usageSet') return undefined;
  const root = field(section, section.objects.get(1), 'root');
  if (type === 'memAcctSet')
    return sum(
      list(section, root).map((segment) =>
        rangeBytes(
          field(section, segment, 'Start'),
          field(section, segment, 'End'),
          field(section, field(section, segment, 'Value'), 'knownCommitted'),
        ),
      ),
    );
  if (root === undefined) return 0;
  const slices = section.objects.get((root as WireRef).root);
  const [starts, ends, infos] = ['Start', 'End', 'Values'].map((name) => list(section, field(section, slices, name)));
  return sum(
    (infos ?? []).map((info, i) => rangeBytes(starts?.[i], ends?.[i], field(section, info, 'knownCommitted'))),
  );
}

function rangeBytes(start: WireValue, end: WireValue, committed: WireValue): number {
  if (committed !== 1) return 0;
  const from = start ?? 0;
  if (typeof from !== 'number' || typeof end !== 'number' || end <= from || (end - from) % 4096 !== 0)
    throw new NotWire('a range of pages that does not end after its start, on a page boundary');
  return end - from;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function field(section: Section, value: WireValue, name: string): WireValue {
  if (!isStruct(value)) return undefined;
  const index = section.types[value.typeId - 1]?.fieldNames.indexOf(name) ?? -1;
  if (index < 0) throw new NotWire(`a type without its field ${name}`);
  return value.fields[index];
}

/** The array behind a slice; nil is the empty one. */
function list(section: Section, value: WireValue): WireList {
  if (value === undefined) return [];
  const found = isSlice(value) && value.array.steps === 0 ? section.objects.get(value.array.root) : undefined;
  if (!isSlice(value) || !Array.isArray(found) || found.length < value.length)
    throw new NotWire('a set of ranges that is no list');
  return (found as WireList).slice(0, value.length);
}

const isObject = (value: WireValue): value is Exclude<WireValue, undefined | number | string> =>
  typeof value === 'object' && !Array.isArray(value);
const isStruct = (value: WireValue): value is WireStruct => isObject(value) && 'typeId' in value;
const isSlice = (value: WireValue): value is WireSlice => isObject(value) && 'array' in value;
