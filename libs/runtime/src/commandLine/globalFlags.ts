import { defaultRoot, locateRunsc } from '../runsc/locate.ts';
import { parseGoFlags } from './goFlags.ts';

export interface GlobalFlags {
  readonly root: string;
  /** Found when asked for, so that usage errors need no runsc. @throws StasisError RuntimeFailed when there is none */
  binary(): string;
  /** The subcommand and what follows it. */
  readonly rest: readonly string[];
}

/** `[--root DIR] [--runsc PATH] <subcommand> …`. @throws StasisError Usage */
export function parseGlobalFlags(words: readonly string[]): GlobalFlags {
  const { texts, rest } = parseGoFlags(words, { root: 'text', runsc: 'text' });
  return { root: texts['root'] || defaultRoot(), binary: () => locateRunsc(texts['runsc']), rest };
}
