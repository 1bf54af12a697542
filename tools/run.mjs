// The npm scripts that must work on a bare clone: sets up, then runs the command on the Node that came from npm.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { node, root, toolsHome } from './bootstrap/places.mjs';
import { say, SetUpError } from './bootstrap/step.mjs';

const parent = process.ppid;

/** Runs a script under the npm Node until it ends; ends it when we are told to, or when npm is gone. */
const runNode = (args) =>
  new Promise((resolve, reject) => {
    const env = {
      NODE_COMPILE_CACHE: path.join(toolsHome, 'compile-cache'),
      ...process.env,
      PATH: `${path.join(root, 'node_modules/.bin')}${path.delimiter}${process.env.PATH ?? ''}`,
    };
    const child = spawn(node, ['--import', path.join(root, 'apps/cli/src/up/endWithParent.ts'), ...args], {
      stdio: 'inherit',
      env,
    });
    const pass = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, pass);
    const watch = setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearInterval(watch);
      for (const one of signals) process.off(one, pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1));
    });
  });

const modules = (file) => path.join(root, 'node_modules', file);
const stasis = path.join(root, 'apps/cli/bin/stasis.mjs');

const tsc = modules('@typescript/native/bin/tsc');
const typecheck = () => [
  [tsc, '-p', root],
  [tsc, '-p', path.join(root, 'apps/console')],
];
const lint = () => [
  [modules('oxlint/bin/oxlint'), '--quiet', '--type-aware'],
  [modules('oxfmt/bin/oxfmt'), '--check'],
  [path.join(root, 'tools/boundaries.ts')],
];

/** Each command: what it needs beyond the dependencies, and the scripts that it runs in turn. */
const commands = {
  demo: { needs: (args) => platformNeeds(args), must: true, scripts: (args) => [[stasis, 'demo', ...args]] },
  start: { needs: (args) => platformNeeds(args), must: true, scripts: (args) => [[stasis, 'up', ...args]] },
  test: {
    needs: () => ({ runsc: true, kafka: true }),
    scripts: (args) => [...typecheck(), ...lint(), [modules('vitest/vitest.mjs'), 'run', ...args]],
  },
  bench: {
    needs: () => ({ runsc: true, kafka: true }),
    scripts: (args) => [[path.join(root, 'tools/bench.ts'), ...args]],
  },
  attack: {
    needs: () => ({ runsc: false, kafka: false }),
    scripts: (args) => [[path.join(root, 'tools/attack.ts'), ...args]],
  },
  lint: { needs: () => ({ runsc: false, kafka: false }), scripts: lint },
  screenshots: {
    needs: () => ({ runsc: true, kafka: false }),
    scripts: () => [[path.join(root, 'tools/screenshots.ts')]],
  },
  setup: { needs: () => ({ runsc: true, kafka: true }), scripts: () => [] },
  typecheck: { needs: () => ({ runsc: false, kafka: false }), scripts: typecheck },
  format: { needs: () => ({ runsc: false, kafka: false }), scripts: () => [[modules('oxfmt/bin/oxfmt')]] },
};

const valueOf = (args, flag) => {
  const at = args.indexOf(flag);
  return at === -1 ? args.find((arg) => arg.startsWith(`${flag}=`))?.slice(flag.length + 1) : args[at + 1];
};

const platformNeeds = (args) => ({
  runsc: (valueOf(args, '--runtime') ?? process.env.STASIS_RUNTIME) !== 'simulated',
  kafka: (valueOf(args, '--bus') ?? process.env.STASIS_BUS) !== 'postgres',
});

const main = async ([name, ...args]) => {
  const command = commands[name];
  if (!command) {
    say(`usage: node tools/run.mjs ${Object.keys(commands).join('|')} [arguments]`);
    return 2;
  }
  process.chdir(root);
  const needs = command.needs(args);
  const there = await bootstrap(needs);
  if (command.must && needs.runsc && !there.runsc) return 1;
  for (const script of command.scripts(args)) {
    const code = await runNode(script);
    if (code !== 0) return code;
  }
  return 0;
};

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetUpError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
