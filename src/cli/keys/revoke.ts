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
With --yes and the key in full it is one call, for a token that is taken only once.

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

/** Of an account; a call to list the keys is for those who shorten one, or want to be asked. */
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
  if (kind !== 'external') return [`${revoked}: ${counted(credentials_cut, 'credential')} cut`];
  return [`${revoked}: nats-sts signs with it no more`, ...leftToDo(account, public_key)];
}

/** The JWT of an external account is its operator's. */
function leftToDo(account: string, publicKey: string): string[] {
  return [
    'NATS goes on taking it, and whatever it signs for whoever has it, until you take it out of the account JWT:',
    ...removalCommands(account, publicKey).map((line) => `  ${line}`),
  ];
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${harmless(text)}\n`).join('');
}

interface Found extends Pick<AccountAnswer, 'account' | 'kind'> {
  readonly key: KeyAnswer;
  /** Another key can take over. */
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
    ...(kind === 'managed' ? cutText(found) : notCutText(found)),
    ...(key.state === 'active' ? [afterText(found)] : []),
  ];
}

function cutText({ key }: Found): string[] {
  const { sessions } = key;
  const cut =
    typeof sessions === 'number'
      ? heldText(key)
      : `${heldText(key)}, and all sessions of them (their number is not known here),`;
  return [`${cut} will be cut at once. This can't be undone.`];
}

function notCutText({ account, key }: Found): string[] {
  return [
    "nats-sts will sign with it no more; this can't be undone.",
    `Nobody is cut: ${heldText(key)} go on.`,
    ...leftToDo(account, key.public_key),
  ];
}

function heldText({ credentials_alive, sessions }: KeyAnswer): string {
  const credentials = counted(credentials_alive, 'credential');
  return typeof sessions === 'number'
    ? `${credentials} and ${counted(sessions, 'session')}`
    : credentials;
}

function afterText({ next }: Found): string {
  return next
    ? 'Clients that ask again get a credential of the next key.'
    : 'No other key of it is ready: until the next one is on every server, exchanges for it are refused (503).';
}
