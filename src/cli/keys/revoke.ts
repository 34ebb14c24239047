import { Command } from 'commander';
import type { AdminKey, KeysAnswer } from '../admin-answers.ts';
import { adminClient, adminOptions, type AdminOptions } from '../admin-call.ts';
import { confirm } from '../confirm.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { harmless, jsonLine, type Terminal } from '../terminal.ts';
import { counted, shortKey, slotName } from './key-text.ts';

interface RevokeOptions extends AdminOptions {
  readonly reason: string;
  readonly yes?: true;
  readonly json?: true;
}

/** `nats-sts keys revoke`: the emergency exit for a signing key that someone else may have. */
export function keysRevokeCommand(terminal: Terminal): Command {
  const command = new Command('revoke')
    .description('take a signing key away at once, and cut everyone that it signed for')
    .argument('<public-key>', 'the key, A…; or as keys list shows it')
    .requiredOption('--reason <text>', 'why; goes into the audit log')
    .option('-y, --yes', 'without asking')
    .option('--json', 'tell what was done as JSON')
    .addHelpText('after', EXAMPLES)
    .action((key: string, options: RevokeOptions) => run(terminal, key, options));
  return adminOptions(command);
}

const EXAMPLES = `
For a key that may have leaked. To replace one that has not, "nats-sts keys rotate" cuts nobody.

Examples:
  nats-sts keys revoke AAQ6QJFB…43L4 --reason "seed in a public repository"
  nats-sts keys revoke AAQ6QJFB7E3TGXT7FSII7HC6MQJQTEL47WK27KNEPC3WWHG47V7Y43L4 --reason leak --yes`;

async function run(terminal: Terminal, text: string, options: RevokeOptions): Promise<void> {
  const client = await adminClient(terminal, options);
  const found = findKey(await client.keys(), text);
  await confirm(terminal, { yes: options.yes, what: consequences(found), question: 'Revoke?' });
  const answer = await client.revokeKey(found.key.public_key, options.reason);
  if (options.json) return terminal.out(jsonLine(answer));
  const where = `${slotName(answer.slot)} of account ${answer.account}`;
  const cut = counted(answer.credentials_cut, 'credential');
  terminal.out(`${harmless(`revoked ${answer.public_key}, ${where}: ${cut} cut`)}\n`);
}

interface Found {
  readonly account: string;
  readonly key: AdminKey;
  /** Another key can take over. */
  readonly next: boolean;
}

function findKey({ accounts }: KeysAnswer, text: string): Found {
  const [begin, end = ''] = text.split(/…|\.\.\./);
  const fits = ({ public_key }: AdminKey) =>
    public_key === text || (text !== begin && shortKey(public_key) === `${begin}…${end}`);
  const all = accounts.flatMap(({ account, keys }) =>
    keys.filter(fits).map((key) => ({ account, key, next: hasNext(keys, key) })),
  );
  const [found, ...others] = all;
  if (found === undefined) {
    throw new CliError(ExitCode.failed, `there is no key ${text}; nats-sts keys list shows all`);
  }
  if (others.length > 0) {
    throw new CliError(ExitCode.usage, `several keys look like ${text}: give it in full`);
  }
  if (found.key.state === 'retired') {
    throw new CliError(ExitCode.failed, `${text} is retired already: no server takes it`);
  }
  return found;
}

function hasNext(keys: readonly AdminKey[], { public_key, slot }: AdminKey): boolean {
  return keys.some(
    (key) =>
      key.slot === slot &&
      key.public_key !== public_key &&
      (key.state === 'active' || (key.state === 'staged' && key.listed)),
  );
}

function consequences({ account, key, next }: Found): string[] {
  const credentials = counted(key.credentials_alive, 'credential');
  const { sessions } = key;
  const cut =
    typeof sessions === 'number'
      ? `${credentials} and ${counted(sessions, 'session')}`
      : `${credentials}, and all sessions of them (their number is not known here),`;
  const after = next
    ? 'Clients that ask again get a credential of the next key.'
    : 'No other key of it is ready: until the next one is on every server, exchanges for it are refused (503).';
  return [
    `Revokes the ${key.state} signing key ${key.public_key}`,
    `of account ${account}, ${slotName(key.slot)}.`,
    `${cut} will be cut at once. This can't be undone.`,
    ...(key.state === 'active' ? [after] : []),
  ];
}
