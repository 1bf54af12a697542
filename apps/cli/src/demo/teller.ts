import { milliseconds } from '@stasis/api-contract';

/** Tells a story step by step, each with the time that it took. */
export interface Teller {
  tell(line: string): void;
  /** Does a step; `told` says what came of it. */
  step<T>(work: () => Promise<T>, told: (result: T) => string): Promise<T>;
}

/** @param simulated every line then says so. */
export const createTeller = (write: (line: string) => void, simulated: boolean): Teller => {
  const tell = (line: string): void => write(simulated ? `simulated: ${line}` : line);
  return {
    tell,
    step: async (work, told) => {
      const begun = performance.now();
      const result = await work();
      tell(`${milliseconds(performance.now() - begun).padStart(7)}  ${told(result)}`);
      return result;
    },
  };
};
