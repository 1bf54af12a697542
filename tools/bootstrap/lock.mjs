import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './step.mjs';

const alive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

/** A lock whose holder died, or died between making it and writing its pid, is nobody's. */
const abandoned = (dir) => {
  try {
    return !alive(Number(readFileSync(path.join(dir, 'pid'), 'utf8')));
  } catch {
    try {
      return Date.now() - statSync(dir).mtimeMs > 2000;
    } catch {
      return false;
    }
  }
};

/** Runs `work` while no other set-up of the same directory does; a directory is the lock, so it works on any file system. */
export const withLock = async (dir, work) => {
  mkdirSync(path.dirname(dir), { recursive: true });
  for (let told = false; ; await sleep(100)) {
    try {
      mkdirSync(dir);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (abandoned(dir)) rmSync(dir, { recursive: true, force: true });
    else if (!told) {
      say('waiting for another set-up of this checkout to end');
      told = true;
    }
  }
  writeFileSync(path.join(dir, 'pid'), String(process.pid));
  try {
    return await work();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};
