import { ago, type Role, roles, type TokenView } from '@stasis/api-contract';
import { Command, Option } from 'commander';
import { parseDuration } from '../duration.ts';
import { commonFlags, type CommonFlags, examples } from '../flags.ts';
import { why } from '../request.ts';
import { openSession, type Shell } from '../session.ts';
import { type Column, facts } from '../table.ts';

/** `stasis token create|ls|revoke`: who may call the api, and as what. */
export const tokenCommand = (shell: Shell): Command =>
  new Command('token')
    .description('make, list and revoke tokens')
    .addCommand(createCommand(shell))
    .addCommand(listCommand(shell))
    .addCommand(revokeCommand(shell));

interface CreateFlags extends CommonFlags {
  readonly role: Role;
  readonly name: string;
  readonly expires: number;
  readonly node?: string[];
}

const createCommand = (shell: Shell): Command => {
  const command = new Command('create')
    .description('make a token; it is shown this once')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory())
    .requiredOption('--name <name>', 'for people: whose it is')
    .addOption(
      new Option('--expires <duration>', 'when it ends, for example 12h or 30d')
        .argParser(parseDuration)
        .default(90 * 86_400_000, '90d'),
    )
    .option('--node <node...>', 'it may act on these nodes only');
  commonFlags(command).action(async ({ role, name, expires, node, ...flags }: CreateFlags) => {
    const { client, printer } = openSession(shell, flags);
    const expiresIn = Math.max(1, Math.round(expires / 1000));
    const made = await client.createToken({ body: { name, role, expiresIn, ...(node && { nodes: node }) } });
    printer.one(made, () => facts([['token', made.secret], ...pairsOf(made)]));
    printer.progress('keep it now: it cannot be shown again');
  });
  return examples(
    command,
    'stasis token create --role auditor --name "Ada, audit 2026" --expires 30d',
    'stasis token create --role operator --name ci --node node-a -o json',
  );
};

const columns: readonly Column<TokenView>[] = [
  { head: 'TOKEN', cell: ({ id }) => id },
  { head: 'ROLE', cell: ({ role }) => role },
  { head: 'NAME', cell: ({ name }) => name, shrinks: true },
  { head: 'STATE', cell: (token) => stateOf(token) },
  { head: 'AGE', cell: ({ created }) => ago(created), right: true },
];

const listCommand = (shell: Shell): Command => {
  const command = new Command('ls').description('tokens, oldest first');
  commonFlags(command).action(async (flags: CommonFlags) => {
    const { client, printer } = openSession(shell, flags);
    printer.page(await client.listTokens(), columns);
  });
  return examples(command, 'stasis token ls', 'stasis token ls -o ndjson');
};

interface RevokeFlags extends CommonFlags {
  readonly reason?: string;
}

const revokeCommand = (shell: Shell): Command => {
  const command = new Command('revoke')
    .description('end a token before its time')
    .argument('<id>', 'sub_…, as `stasis token ls` shows it')
    .option('--reason <text>', 'why, for the audit');
  commonFlags(command).action(async (id: string, flags: RevokeFlags) => {
    const { client, printer } = openSession(shell, flags);
    const token = await client.revokeToken({ params: { id }, body: why(flags) });
    printer.one(token, () => `${token.id}  ${stateOf(token)}\n`);
  });
  return examples(command, 'stasis token revoke sub_01kayz… --reason "laptop lost"');
};

/** `stasis whoami`: whom the api takes the caller for. */
export const whoamiCommand = (shell: Shell): Command => {
  const command = new Command('whoami').description('the token that is used, and its role');
  commonFlags(command).action(async (flags: CommonFlags) => {
    const { client, printer } = openSession(shell, flags);
    const token = await client.whoami();
    printer.one(token, () => facts([...pairsOf(token), ['may', token.actions.join(', ')]]));
  });
  return examples(command, 'stasis whoami', 'stasis whoami -o json');
};

const pairsOf = (token: TokenView): [string, string | undefined][] => [
  ['id', token.id],
  ['name', token.name],
  ['role', token.role],
  ['nodes', token.nodes?.join(', ')],
  ['expires', token.expires ?? 'never'],
];

const stateOf = ({ revoked, expires }: TokenView): string =>
  revoked !== null ? 'revoked' : expires !== null && Date.parse(expires) <= Date.now() ? 'expired' : 'works';
