import { Command, InvalidArgumentError } from 'commander';
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

/** `nats-sts keys rotate`: nobody is cut by it. One call where nobody is asked and nothing waited for. */
export function keysRotateCommand(terminal: Terminal): Command {
  const command = new Command('rotate')
    .description('rotate signing keys now; nobody is cut')
    .option('--account <name>', 'only keys of this account')
    .option('--role <role>', 'only keys of this role')
    .option('--wait', 'until the new keys sign')
    .option('--timeout <time>', 'how long to wait, e.g. 90s', seconds, 300)
    .option('-y, --yes', 'without asking')
    .option('--json', 'tell what was done as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: RotateOptions) => run(terminal, options));
  return adminOptions(command);
}

const EXAMPLES = `
The next key takes over once every server has it; the old one stays trusted until the last credential
that it signed has expired.

Examples:
  nats-sts keys rotate --account APP
  nats-sts keys rotate --role orders-publisher --wait --yes`;

function seconds(text: string): number {
  const read = duration('Time to wait').safeParse(/^\d+$/.test(text) ? `${text}s` : text);
  if (read.success) return read.data;
  throw new InvalidArgumentError('Write a length of time such as 90s or 5m.');
}

async function run(terminal: Terminal, options: RotateOptions): Promise<void> {
  const { account, role, yes, wait, json, timeout } = options;
  const client = await adminClient(terminal, options);
  // Where a token is taken only once, a call that is not needed would cost the one that is.
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
    'The next key takes over once every server has it; the old one stays trusted until the last',
    'credential that it signed has expired: nobody is cut.',
    ...external.flatMap((account) => leftToDo(account, options)),
  ];
}

/** Those that are meant, as far as can be told: a role may share the key of others. */
function accountsOf({ accounts }: KeysAnswer, { account, role }: RotateOptions): AccountAnswer[] {
  const named = accounts.filter((found) => (account ?? found.account) === found.account);
  const ofRole = named.filter(({ keys }) => keys.some(({ slot }) => slot === role));
  return role === undefined || ofRole.length === 0 ? [...named] : ofRole;
}

/** The JWT of an external account is its operator's. */
function leftToDo({ account, keys }: AccountAnswer, { role }: RotateOptions): string[] {
  const active = keys.filter(({ state }) => state === 'active');
  const ofRole = active.filter(({ slot }) => slot === role);
  const old =
    ofRole.length > 0 ? ofRole : active.filter(({ slot }) => role === undefined || slot === '*');
  if (old.length === 0) return [];
  return [
    `You give the keys of account ${account}: the next one has to be given and listed, and NATS goes on taking`,
    'the old one until you take it out of the account JWT. When keys list --all shows it retired:',
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
  terminal.err('nats-sts keys list shows when the next keys sign\n');
}

function activeLine({ public_key, instead_of, ...slot }: NewKey): string {
  const old = instead_of === null ? '' : `, instead of ${shortKey(instead_of)}`;
  return `${slotText(slot)}: ${public_key} is active${old}`;
}
