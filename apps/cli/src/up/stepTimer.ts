/** Says each step of a start with the seconds that it took after the one before; the first counts from this call. */
export const stepTimer = (say: ((line: string) => void) | undefined): ((what: string) => void) => {
  let before = performance.now();
  return (what) => {
    const now = performance.now();
    say?.(`${what} (${((now - before) / 1000).toFixed(1)} s)`);
    before = now;
  };
};
