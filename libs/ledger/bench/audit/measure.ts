import { median, percentile } from '../../../../tools/bench/figures.ts';

export interface Timing {
  readonly p50: number;
  readonly p95: number;
}

/** Times each call, one after the other, in ms. */
export async function timed(count: number, call: (n: number) => Promise<unknown>): Promise<Timing> {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const start = performance.now();
    await call(n);
    times.push(performance.now() - start);
  }
  return { p50: median(times), p95: percentile(times, 95) };
}

export const ms = ({ p50, p95 }: Timing): string => `p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`;

export const line = (what: string, ...said: readonly string[]): void =>
  console.log(`${what.padEnd(38)} ${said.join('; ')}`);
