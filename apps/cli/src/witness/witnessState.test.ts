import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { witnessKey } from '@stasis/proof';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadWitnessKey } from './witnessKeyFile.ts';
import { openWitnessState } from './witnessState.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'stasis-witness-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

describe("a witness's state", () => {
  it('is one witness at a time, and free again when it ends or died', async () => {
    const first = openWitnessState(directory);
    expect(() => openWitnessState(directory)).toThrow(/another witness \(pid \d+\) works in/);
    first.release();
    await writeFile(path.join(directory, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, started: '1' }));
    openWitnessState(directory).release();
  });

  it('remembers a head for each ledger', () => {
    const state = openWitnessState(directory);
    expect(state.of('default').last.read()).toBeUndefined();
    state.of('default').last.write('one');
    state.of('default').last.write('two');
    expect(state.of('default').last.read()).toBe('two');
    expect(state.of('system').last.read()).toBeUndefined();
    state.release();
  });
});

describe("a witness's key", () => {
  it('is made once, 0600, under its name, and read again', async () => {
    const file = path.join(directory, 'w.key');
    expect(() => loadWitnessKey(file, undefined)).toThrow('--name is missing');
    const made = loadWitnessKey(file, 'w1');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(witnessKey(loadWitnessKey(file, undefined))).toBe(witnessKey(made));
    expect(() => loadWitnessKey(file, 'w2')).toThrow('is of "w1", not of "w2"');
  });

  it('is refused when its file holds something else', async () => {
    const file = path.join(directory, 'w.key');
    loadWitnessKey(file, 'w1');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('+w1+', '+w2+'));
    expect(() => loadWitnessKey(file, undefined)).toThrow('has a wrong key hash');
    await writeFile(file, 'junk');
    expect(() => loadWitnessKey(file, undefined)).toThrow('is not the private key of a witness');
  });
});
