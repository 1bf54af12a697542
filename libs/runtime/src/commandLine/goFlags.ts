import { StasisError } from '@stasis/errors';

/**
 * Flags as Go's `flag` package reads them, since the one-shot commands stand in for runsc: `-name value`,
 * `--name=value`, one dash or two; `-bool`, `-bool=false`; the first word that is no flag, or `--`, ends them.
 */
export interface FlagKinds {
  readonly [name: string]: 'text' | 'switch' | readonly string[];
}

export interface ParsedFlags {
  readonly texts: Readonly<Record<string, string>>;
  readonly switches: ReadonlySet<string>;
  readonly rest: readonly string[];
}

const truths: Readonly<Record<string, boolean>> = {
  ...{ '1': true, t: true, T: true, true: true, TRUE: true, True: true },
  ...{ '0': false, f: false, F: false, false: false, FALSE: false, False: false },
};

/** @throws StasisError Usage in Go's words for an unknown flag, a missing or an impossible value. */
export function parseGoFlags(words: readonly string[], kinds: FlagKinds): ParsedFlags {
  const texts: Record<string, string> = {};
  const switches = new Set<string>();
  let at = 0;
  for (; at < words.length; at += 1) {
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/su.exec(words[at] ?? '');
    if (match === null) break;
    const [, name = '', inline] = match;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind === undefined) throw new StasisError('Usage', `flag provided but not defined: -${name}`);
    if (kind === 'switch') {
      const value = truths[inline ?? 'true'];
      if (value === undefined) throw new StasisError('Usage', `invalid boolean value "${inline}" for -${name}`);
      if (value) switches.add(name);
      else switches.delete(name);
      continue;
    }
    const value = inline ?? words[(at += 1)];
    if (value === undefined) throw new StasisError('Usage', `flag needs an argument: -${name}`);
    if (kind !== 'text' && !kind.includes(value))
      throw new StasisError('Usage', `invalid value "${value}" for flag -${name}: one of ${kind.join(', ')}`);
    texts[name] = value;
  }
  return { texts, switches, rest: words.slice(words[at] === '--' ? at + 1 : at) };
}
