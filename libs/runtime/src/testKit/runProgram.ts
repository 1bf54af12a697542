import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ProgramRun {
  readonly pid: number;
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/**
 * Runs a script with this Node and returns what it said until it ended. Its outputs are files: Node's own pipes are
 * sockets, which a sandbox of 2022 cannot restore onto, and a container that goes on would hold them open.
 */
export function runProgram(
  script: string,
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ProgramRun {
  const directory = mkdtempSync(join(tmpdir(), 'stasis-output-'));
  const files = [join(directory, 'stdout'), join(directory, 'stderr')];
  const outputs = files.map((file) => openSync(file, 'a'));
  const child = spawn(process.execPath, [script, ...argv], {
    stdio: ['ignore', ...outputs],
    env: { ...process.env, ...env },
  });
  for (const fd of outputs) closeSync(fd);
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'));
      rmSync(directory, { recursive: true });
      resolve({ code, stdout, stderr });
    });
  });
  return { pid: child.pid ?? 0, ended };
}
