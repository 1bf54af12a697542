import { runSubcommand } from '@stasis/runtime/command-line';

const usage = `restorer [--root DIR] [--runsc PATH] <subcommand> - node agent that preflights, materialises and restores.
  restore [flags] <container id> - restore saved state of container.
  agent - serve this node's start and restore requests (configured by environment).
`;

/** Only what the subcommand needs is loaded: the one-shot command starts often. */
process.exitCode = await runSubcommand(usage, {
  restore: async (globals, words) => (await import('./oneshot/restore.ts')).restore(globals, words),
  agent: async () => (await import('./agent.ts')).runAgent(),
});
