import { exitStatusOf, parseGlobalFlags } from '@stasis/runtime/command-line';

const usage = `restorer [--root DIR] [--runsc PATH] <subcommand> - node agent that preflights, materialises and restores.
  restore [flags] <container id> - restore saved state of container.
  agent - serve this node's start and restore requests (configured by environment).
`;

/** Only what the subcommand needs is loaded: the one-shot command starts often. */
process.exitCode = await exitStatusOf(usage, async () => {
  const globals = parseGlobalFlags(process.argv.slice(2));
  const [subcommand, ...words] = globals.rest;
  if (subcommand === 'restore') {
    const { restore } = await import('./oneshot/restore.ts');
    return restore(globals, words);
  }
  if (subcommand === 'agent') {
    const { runAgent } = await import('./agent.ts');
    await runAgent();
    return 0;
  }
  const { StasisError } = await import('@stasis/errors');
  throw new StasisError('Usage', subcommand === undefined ? '' : `unknown subcommand "${subcommand}"`);
});
