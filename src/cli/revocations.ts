import { Command } from 'commander';
import type { RevocationsAnswer } from '../admin-api/revocations.ts';
import { type Clock, systemClock } from '../clock.ts';
import { adminClient, adminOptions, type AdminOptions } from './admin-call.ts';
import { targetText } from './revoke.ts';
import { type Column, table } from './table.ts';
import { harmless, jsonLine, type Terminal } from './terminal.ts';
import { localTime, relativeTime } from './time.ts';

interface ListOptions extends AdminOptions {
  readonly json?: true;
}

/** `nats-sts revocations`: lists and lifts revocations. */
export function revocationsCommand(
  terminal: Terminal,
  { clock = systemClock }: { readonly clock?: Clock } = {},
): Command {
  return new Command('revocations')
    .addHelpText('after', EXAMPLES)
    .addCommand(listCommand(terminal, clock))
    .addCommand(liftCommand(terminal));
}

const EXAMPLES = `
Examples:
  nats-sts revocations list --url https://sts.example.com --token-file token
  nats-sts revocations lift 5da3cbcadb2a

To make one, use "nats-sts revoke".`;

function listCommand(terminal: Terminal, clock: Clock): Command {
  const command = new Command('list')
    .description('list the revocations in force')
    .option('--json', 'print the answer of the service as JSON, on one line')
    .action(async (options: ListOptions) => {
      const client = await adminClient(terminal, options);
      const answer = await client.revocations();
      if (options.json) return terminal.out(jsonLine(answer));
      if (answer.revocations.length === 0) return terminal.err('no revocations in force\n');
      terminal.out(revocationsTable(terminal, answer, clock.now()));
    });
  return adminOptions(command);
}

function liftCommand(terminal: Terminal): Command {
  const command = new Command('lift')
    .description('end a revocation: the policy alone decides again')
    .argument('<id>', 'the ID that revocations list shows')
    .action(async (id: string, options: AdminOptions) => {
      const client = await adminClient(terminal, options);
      await client.lift(id);
      terminal.out(`lifted ${harmless(id)}\n`);
    });
  return adminOptions(command);
}

const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'WHO', shrinkTo: 16 },
  { title: 'SINCE' },
  { title: 'UNTIL' },
  { title: 'REVOKED' },
  { title: 'BY', shrinkTo: 10 },
  { title: 'REASON', shrinkTo: 10 },
];

function revocationsTable(
  terminal: Terminal,
  { revocations }: RevocationsAnswer,
  now: number,
): string {
  const rows = revocations.map(({ id, target, block, at, until, by, credentials, reason }) => [
    id,
    targetText(target),
    localTime(at * 1000),
    block ? { text: 'lifted', style: 'red' as const } : relativeTime(until * 1000, now),
    String(credentials),
    `${by.issuer} ${by.subject}`,
    reason,
  ]);
  return table(terminal, COLUMNS, rows);
}
