import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { duration, durationText } from '../../config/schema/scalars.ts';
import type { AdminKey, KeysAnswer, RotationAnswer } from '../admin-answers.ts';
import { type AdminClient, adminClient, adminOptions, type AdminOptions } from '../admin-call.ts';
import { confirm } from '../confirm.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { harmless, jsonLine, type Terminal } from '../terminal.ts';
import { shortKey, slotName } from './key-text.ts';

interface RotateOptions extends AdminOptions {
  readonly account?: string;
  readonly role?: string;
  readonly wait?: true;
  /** Seconds. */
  readonly timeout: number;
  readonly yes?: true;
  readonly json?: true;
}

type Slot = RotationAnswer['requested'][number];

const POLL_MILLISECONDS = 500;

/** `nats-sts keys rotate`: nobody is cut by it. */
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
  const before = await client.keys();
  await confirm(terminal, {
    yes,
    what: [
      `Rotates the signing keys of ${scopeText(options)}.`,
      'The next key takes over once every server has it; the old one stays trusted until the last',
      'credential that it signed has expired: nobody is cut.',
    ],
    question: 'Rotate?',
  });
  const which = { ...(account !== undefined && { account }), ...(role !== undefined && { role }) };
  const { requested } = await client.rotate(which);
  if (!wait) return tell(terminal, { requested, json });
  const active = await newKeys({ client, before, requested, timeout });
  if (json) return terminal.out(jsonLine({ requested, active }));
  for (const key of active) terminal.out(`${harmless(activeLine(key))}\n`);
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

interface NewKey extends Slot {
  readonly public_key: string;
  /** The key that signed before. */
  readonly instead_of: string | null;
}

interface Waiting {
  readonly client: Pick<AdminClient, 'keys'>;
  readonly before: KeysAnswer;
  readonly requested: readonly Slot[];
  /** Seconds. */
  readonly timeout: number;
}

/** Asks again and again until each slot has another active key than before. */
async function newKeys({ client, before, requested, timeout }: Waiting): Promise<NewKey[]> {
  const deadline = performance.now() + timeout * 1000;
  for (;;) {
    const now = await client.keys();
    const found = requested.map((slot) => {
      const [old, active] = [activeKey(before, slot), activeKey(now, slot)];
      return { ...slot, public_key: active?.public_key, instead_of: old?.public_key ?? null };
    });
    const changed = found.filter((key): key is NewKey => isChanged(key));
    if (changed.length === found.length) return changed;
    if (performance.now() >= deadline) {
      const missing = found.filter((key) => !isChanged(key)).map(slotText);
      throw new CliError(
        ExitCode.unavailable,
        `after ${durationText(timeout)} these have no new active key: ${missing.join(', ')}. ` +
          'The rotation goes on by itself; nats-sts keys list shows what it waits for.',
      );
    }
    await sleep(POLL_MILLISECONDS);
  }
}

function isChanged(key: { public_key?: string | undefined; instead_of: string | null }): boolean {
  return key.public_key !== undefined && key.public_key !== key.instead_of;
}

function activeKey({ accounts }: KeysAnswer, { account, slot }: Slot): AdminKey | undefined {
  const keys = accounts.find((found) => found.account === account)?.keys ?? [];
  return keys.find((key) => key.slot === slot && key.state === 'active');
}

function activeLine({ public_key, instead_of, ...slot }: NewKey): string {
  const old = instead_of === null ? '' : `, instead of ${shortKey(instead_of)}`;
  return `${slotText(slot)}: ${public_key} is active${old}`;
}

function slotText({ account, slot }: Slot): string {
  return `${account}, ${slotName(slot)}`;
}
