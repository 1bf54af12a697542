import { isMainThread } from 'node:worker_threads';

// Preloaded (`node --import`) into every process that Stasis starts, so that a parent killed with SIGKILL, which can
// tell nobody, leaves none behind: the process that took over its children is not the one we were started by.
const parent = process.ppid;
const checkEveryMs = 200;
const patienceMs = 15_000;

if (isMainThread) {
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), patienceMs).unref();
  }, checkEveryMs);
  watch.unref();
}
