// Asks the package registry for known vulnerabilities of what runs. Not every registry answers that: then this says so and
// lets the check go on.
import { execFile } from 'node:child_process';
import path from 'node:path';

export interface Verdict {
  readonly failed: boolean;
  readonly words: string;
}

/** What the JSON of `npm audit` means: high and critical fail. Anything but its report is no answer. */
export function judge(output: string): Verdict {
  const counts = countsIn(output);
  if (counts === undefined) {
    const said = output.trim().replaceAll(/\s+/g, ' ').slice(0, 120) || 'nothing';
    return { failed: false, words: `not done: the registry answered ${said}` };
  }
  const words = Object.entries(counts).map(([severity, count]) => `${count} ${severity}`);
  return { failed: (counts['high'] ?? 0) + (counts['critical'] ?? 0) > 0, words: words.join(', ') };
}

function countsIn(output: string): Record<string, number> | undefined {
  try {
    const read = JSON.parse(output) as { metadata?: { vulnerabilities?: Record<string, number> } };
    return read.metadata?.vulnerabilities;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const audit = (): Promise<string> =>
  new Promise((resolve) => {
    const options = { cwd: path.join(import.meta.dirname, '..'), timeout: 60_000, maxBuffer: 1 << 26 };
    // It exits 1 for findings as well as for no answer; the output tells them apart.
    execFile('npm', ['audit', '--omit=dev', '--json'], options, (_, out) => resolve(out));
  });

if (import.meta.main) {
  const { failed, words } = judge(await audit());
  console.log(`dependency audit: ${words}`);
  process.exitCode = failed ? 1 : 0;
}
