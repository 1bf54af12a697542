import { exitStatusOf, parseGlobalFlags } from '@stasis/runtime/command-line';

const usage = `checkpointer [--root DIR] [--runsc PATH] <subcommand> - node agent that captures, seals and stores.
  checkpoint [flags] <container id> - save current state of container.
  agent - serve this node's checkpoint requests (configured by environment).
`;

/** Only what the subcommand needs is loaded: the one-shot command's start is part of a container's freeze. */
process.exitCode = await exitStatusOf(usage, async () => {
  const globals = parseGlobalFlags(process.argv.slice(2));
  const [subcommand, ...words] = globals.rest;
  if (subcommand === 'checkpoint') {
    const { checkpoint } = await import('./oneshot/checkpoint.ts');
    return checkpoint(globals, words);
  }
  if (subcommand === 'agent') {
    const { runAgent } = await import('./agent.ts');
    await runAgent();
    return 0;
  }
  const { StasisError } = await import('@stasis/errors');
  throw new StasisError('Usage', subcommand === undefined ? '' : `unknown subcommand "${subcommand}"`);
});
