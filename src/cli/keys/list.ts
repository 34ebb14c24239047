import { Command } from 'commander';
import type { AccountAnswer, KeysAnswer } from '../../admin-api/keys.ts';
import { type Clock, systemClock } from '../../clock.ts';
import { adminClient, adminOptions, type AdminOptions } from '../admin-call.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { jsonLine, type Terminal } from '../terminal.ts';
import { keysOverview } from './overview.ts';

interface ListOptions extends AdminOptions {
  readonly account?: string;
  readonly all?: true;
  readonly wide?: true;
  readonly json?: true;
}

/** `nats-sts keys list`. */
export function keysListCommand(
  terminal: Terminal,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): Command {
  const command = new Command('list')
    .description('show the signing keys, their states and the next rotation')
    .option('--account <name>', 'show only this account')
    .option('--all', 'include retired keys')
    .option('--wide', 'show full public keys')
    .option('--json', 'print the answer of the service as JSON, on one line')
    .addHelpText('after', EXAMPLES)
    .action(async (options: ListOptions) => {
      const client = await adminClient(terminal, options);
      const answer = select(await client.keys(), options);
      const view = { terminal, now: clock.now() / 1000, wide: options.wide ?? false };
      terminal.out(options.json ? jsonLine(answer) : keysOverview(answer, view));
    });
  return adminOptions(command);
}

const EXAMPLES = `
If an account whose keys you provide runs low on keys, the output has the nsc commands that add the next one.

Examples:
  nats-sts keys list --url https://sts.example.com --token-file token
  nats-sts keys list --account APP --all --wide
  nats-sts keys list --json | jq '.accounts[].keys[] | select(.state == "active")'`;

function select(answer: KeysAnswer, { account, all }: ListOptions): KeysAnswer {
  const accounts = answer.accounts.filter((found) => (account ?? found.account) === found.account);
  if (account !== undefined && accounts.length === 0) throw unknownAccount(account, answer);
  return { ...answer, accounts: all ? accounts : accounts.map(withoutRetired) };
}

function withoutRetired(account: AccountAnswer): AccountAnswer {
  return { ...account, keys: account.keys.filter(({ state }) => state !== 'retired') };
}

function unknownAccount(name: string, { accounts }: KeysAnswer): CliError {
  const names = accounts.map(({ account }) => account).join(', ');
  return new CliError(ExitCode.failed, `there is no account ${name}; accounts: ${names}`);
}
