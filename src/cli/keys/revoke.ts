import { Command } from 'commander';
import type {
  AccountAnswer,
  KeyAnswer,
  KeysAnswer,
  RevokeKeyAnswer,
} from '../../admin-api/keys.ts';
import { type AdminClient, adminClient, adminOptions, type AdminOptions } from '../admin-call.ts';
import { confirm } from '../confirm.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { harmless, jsonLine, type Terminal } from '../terminal.ts';
import { counted, shortKey, slotName } from './key-text.ts';
import { removalCommands } from './nsc-commands.ts';

interface RevokeOptions extends AdminOptions {
  readonly reason: string;
  readonly yes?: true;
  readonly json?: true;
}

/** `nats-sts keys revoke`: for emergencies, when someone else may have a signing key. */
export function keysRevokeCommand(terminal: Terminal): Command {
  const command = new Command('revoke')
    .description('revoke a signing key and every credential that it signed, at once')
    .argument('<public-key>', 'the public key, A…, in full or as keys list shows it')
    .requiredOption('--reason <text>', 'why (required); stored in the audit log')
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action((key: string, options: RevokeOptions) => run(terminal, key, options));
  return adminOptions(command);
}

const EXAMPLES = `
Use it if a key may have leaked. Otherwise use "nats-sts keys rotate", which disconnects nobody.
With a single-use token, use --yes and give the key in full: then the command makes only one call.

Examples:
  nats-sts keys revoke AAQ6QJFB…43L4 --reason "seed in a public repository"
  nats-sts keys revoke AAQ6QJFB7E3TGXT7FSII7HC6MQJQTEL47WK27KNEPC3WWHG47V7Y43L4 --reason leak --yes`;

async function run(terminal: Terminal, text: string, options: RevokeOptions): Promise<void> {
  const client = await adminClient(terminal, options);
  const publicKey =
    options.yes && isPublicKey(text) ? text : await chosen(terminal, client, text, options);
  const answer = await client.revokeKey(publicKey, { reason: options.reason });
  terminal.out(options.json ? jsonLine(answer) : lines(done(answer)));
}

/** A full public key of an account. A shortened one, or a confirmation, needs a call that lists the keys. */
function isPublicKey(text: string): boolean {
  return /^A[A-Z2-7]{55}$/.test(text);
}

async function chosen(
  terminal: Terminal,
  client: Pick<AdminClient, 'keys'>,
  text: string,
  { yes }: Pick<RevokeOptions, 'yes'>,
): Promise<string> {
  const found = findKey(await client.keys(), text);
  await confirm(terminal, { yes, what: consequences(found), question: 'Revoke?' });
  return found.key.public_key;
}

function done({ public_key, account, kind, slot, credentials_cut }: RevokeKeyAnswer): string[] {
  const revoked = `revoked ${public_key}, ${slotName(slot)} of account ${account}`;
  if (kind !== 'external')
    return [`${revoked}, and ${counted(credentials_cut, 'credential')} with it`];
  return [`${revoked}: nats-sts no longer signs with it`, ...leftToDo(account, public_key)];
}

/** The JWT of an external account belongs to its operator. */
function leftToDo(account: string, publicKey: string): string[] {
  return [
    'Anyone who has this key can still sign credentials that NATS accepts, until you remove it from the account JWT:',
    ...removalCommands(account, publicKey).map((line) => `  ${line}`),
  ];
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${harmless(text)}\n`).join('');
}

interface Found extends Pick<AccountAnswer, 'account' | 'kind'> {
  readonly key: KeyAnswer;
  /** Whether another key can take over. */
  readonly next: boolean;
}

function findKey({ accounts }: KeysAnswer, text: string): Found {
  const [begin, end = ''] = text.split(/…|\.\.\./);
  const fits = ({ public_key }: KeyAnswer) =>
    public_key === text || (text !== begin && shortKey(public_key) === `${begin}…${end}`);
  const all = accounts.flatMap(({ account, kind, keys }) =>
    keys.filter(fits).map((key) => ({ account, kind, key, next: hasNext(keys, key) })),
  );
  const [found, ...others] = all;
  if (found === undefined) {
    throw new CliError(
      ExitCode.failed,
      `there is no key ${text}; nats-sts keys list shows all keys`,
    );
  }
  if (others.length > 0) {
    throw new CliError(ExitCode.usage, `${text} matches several keys: give the key in full`);
  }
  if (found.key.state === 'retired') {
    throw new CliError(ExitCode.failed, `${text} is already retired, and no server accepts it`);
  }
  return found;
}

function hasNext(keys: readonly KeyAnswer[], { public_key, slot }: KeyAnswer): boolean {
  return keys.some(
    (key) =>
      key.slot === slot &&
      key.public_key !== public_key &&
      (key.state === 'active' || (key.state === 'staged' && key.listed)),
  );
}

function consequences(found: Found): string[] {
  const { account, kind, key } = found;
  return [
    `Revokes the ${key.state} signing key ${key.public_key}`,
    `of account ${account}, ${slotName(key.slot)}.`,
    ...(kind === 'managed' ? alsoRevokedText(found) : notDisconnectedText(found)),
    ...(key.state === 'active' ? [afterText(found)] : []),
  ];
}

function alsoRevokedText({ key }: Found): string[] {
  const { credentials_alive, sessions } = key;
  const credentials = counted(credentials_alive, 'credential');
  const connected =
    sessions === null ? 'all their connections (number unknown)' : counted(sessions, 'connection');
  return [`This also revokes ${credentials} and ends ${connected} at once. It cannot be undone.`];
}

function notDisconnectedText({ account, key }: Found): string[] {
  return [
    'nats-sts will no longer sign with it. This cannot be undone.',
    `Nobody is disconnected yet: ${usedText(key)} still work.`,
    ...leftToDo(account, key.public_key),
  ];
}

function usedText({ credentials_alive, sessions }: KeyAnswer): string {
  const credentials = counted(credentials_alive, 'credential');
  return sessions === null ? credentials : `${credentials} and ${counted(sessions, 'connection')}`;
}

function afterText({ next }: Found): string {
  return next
    ? 'Clients that exchange again get a credential from the next key.'
    : 'No other key is ready: exchanges that need one are refused (503) until every server has the next key.';
}
