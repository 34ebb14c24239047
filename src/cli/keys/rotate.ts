import { Command, InvalidArgumentError, Option } from 'commander';
import type { AccountAnswer, KeysAnswer, RotateAnswer } from '../../admin-api/keys.ts';
import { duration } from '../../config/schema/scalars.ts';
import { adminClient, adminOptions, type AdminOptions } from '../admin-call.ts';
import { confirm } from '../confirm.ts';
import { harmless, jsonLine, type Terminal } from '../terminal.ts';
import { shortKey, slotName, slotText } from './key-text.ts';
import { type NewKey, newKeys } from './new-keys.ts';
import { removalCommands } from './nsc-commands.ts';

interface RotateOptions extends AdminOptions {
  readonly account?: string;
  readonly role?: string;
  readonly wait?: true;
  /** Seconds. */
  readonly timeout: number;
  readonly yes?: true;
  readonly json?: true;
}

type Slot = RotateAnswer['requested'][number];

/** `nats-sts keys rotate`: disconnects nobody. With --yes and without --wait it makes only one call. */
export function keysRotateCommand(terminal: Terminal): Command {
  const command = new Command('rotate')
    .description('rotate signing keys now, without disconnecting anybody')
    .option('--account <name>', 'rotate only the keys of this account')
    .option('--role <role>', 'rotate only the key of this role')
    .option('--wait', 'wait until the new keys sign')
    .addOption(
      new Option('--timeout <time>', 'how long to wait, e.g. 90s')
        .argParser(seconds)
        .default(300, '5m'),
    )
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: RotateOptions) => run(terminal, options));
  return adminOptions(command);
}

const EXAMPLES = `
The next key takes over once every server has it. The old key stays trusted until the last credential
that it signed has expired.

Examples:
  nats-sts keys rotate --account APP
  nats-sts keys rotate --role orders-publisher --wait --yes`;

function seconds(text: string): number {
  const read = duration('Time to wait').safeParse(/^\d+$/.test(text) ? `${text}s` : text);
  if (read.success) return read.data;
  throw new InvalidArgumentError('Write a duration such as 90s or 5m.');
}

async function run(terminal: Terminal, options: RotateOptions): Promise<void> {
  const { account, role, yes, wait, json, timeout } = options;
  const client = await adminClient(terminal, options);
  // A single-use token is good for only one call.
  const before = yes && !wait ? undefined : await client.keys();
  const what = before ? consequences(before, options) : [];
  await confirm(terminal, { yes, what, question: 'Rotate?' });
  const which = { ...(account !== undefined && { account }), ...(role !== undefined && { role }) };
  const { requested } = await client.rotate(which);
  if (!wait || !before) return tell(terminal, { requested, json });
  const active = await newKeys({ client, before, requested, timeout });
  if (json) return terminal.out(jsonLine({ requested, active }));
  for (const key of active) terminal.out(`${harmless(activeLine(key))}\n`);
}

function consequences(before: KeysAnswer, options: RotateOptions): string[] {
  const external = accountsOf(before, options).filter(({ kind }) => kind === 'external');
  return [
    `Rotates the signing keys of ${scopeText(options)}.`,
    'The next key takes over once every server has it. The old key stays trusted until the last',
    'credential that it signed has expired, so nobody is disconnected.',
    ...external.flatMap((account) => leftToDo(account, options)),
  ];
}

/** The affected accounts, as far as known: a role may share the key of others. */
function accountsOf({ accounts }: KeysAnswer, { account, role }: RotateOptions): AccountAnswer[] {
  const named = accounts.filter((found) => (account ?? found.account) === found.account);
  const ofRole = named.filter(({ keys }) => keys.some(({ slot }) => slot === role));
  return role === undefined || ofRole.length === 0 ? [...named] : ofRole;
}

/** The JWT of an external account belongs to its operator. */
function leftToDo({ account, keys }: AccountAnswer, { role }: RotateOptions): string[] {
  const active = keys.filter(({ state }) => state === 'active');
  const ofRole = active.filter(({ slot }) => slot === role);
  const old =
    ofRole.length > 0 ? ofRole : active.filter(({ slot }) => role === undefined || slot === '*');
  if (old.length === 0) return [];
  return [
    `You provide the keys of account ${account}. The next key must be in the configuration and in the account JWT.`,
    'NATS accepts the old key until you remove it. Once keys list --all shows it as retired, run:',
    ...old
      .flatMap(({ public_key }) => removalCommands(account, public_key))
      .map((line) => `  ${line}`),
  ];
}

function scopeText({ account, role }: RotateOptions): string {
  if (account === undefined) return role === undefined ? 'every account' : slotName(role);
  return role === undefined ? `account ${account}` : `${slotName(role)} of account ${account}`;
}

function tell(
  terminal: Terminal,
  { requested, json }: { requested: readonly Slot[]; json: true | undefined },
): void {
  if (json) return terminal.out(jsonLine({ requested }));
  for (const slot of requested) terminal.out(`requested: ${harmless(slotText(slot))}\n`);
  terminal.err('To see when the next keys sign, run nats-sts keys list.\n');
}

function activeLine({ public_key, instead_of, ...slot }: NewKey): string {
  const old = instead_of === null ? '' : `, replacing ${shortKey(instead_of)}`;
  return `${slotText(slot)}: ${public_key} is active${old}`;
}
