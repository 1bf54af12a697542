import { milliseconds } from '@stasis/api-contract';

/** Tells a story step by step, each with the time that it took, in lines of at most 80 characters. */
export interface Teller {
  /** Room in a line. */
  readonly width: number;
  /** Lines that are laid out already. */
  tell(text: string): void;
  /** Words, folded; the first line begins with `head`, the others are indented as far. */
  say(words: string, head?: string): void;
  /** Does a step; `told` says what came of it. */
  step<T>(work: () => Promise<T>, told: (result: T) => string): Promise<T>;
}

const columns = 80;

/** @param simulated every line then says so. */
export const createTeller = (write: (line: string) => void, simulated: boolean): Teller => {
  const mark = simulated ? 'simulated: ' : '';
  const width = columns - mark.length;
  const tell = (text: string): void => {
    for (const line of text.split('\n')) write(`${mark}${line}`);
  };
  const say = (words: string, head = ' '.repeat(9)): void => {
    fold(words, width - head.length).forEach((line, at) => tell((at === 0 ? head : ' '.repeat(head.length)) + line));
  };
  return {
    width,
    tell,
    say,
    step: async (work, told) => {
      const begun = performance.now();
      const result = await work();
      say(told(result), `${milliseconds(performance.now() - begun).padStart(7)}  `);
      return result;
    },
  };
};

/** Breaks at spaces; a word that is longer than a line has one of its own. */
const fold = (words: string, width: number): string[] => {
  const lines: string[] = [];
  for (const word of words.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
};
