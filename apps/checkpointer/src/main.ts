import { runSubcommand } from '@stasis/runtime/command-line';

const usage = `checkpointer [--root DIR] [--runsc PATH] <subcommand> - node agent that captures, seals and stores.
  checkpoint [flags] <container id> - save current state of container.
  agent - serve this node's checkpoint requests (configured by environment).
`;

/** Only what the subcommand needs is loaded: the one-shot command's start is part of a container's freeze. */
process.exitCode = await runSubcommand(usage, {
  checkpoint: async (globals, words) => (await import('./oneshot/checkpoint.ts')).checkpoint(globals, words),
  agent: async () => (await import('./agent.ts')).runAgent(),
});
