import { Command, Option } from 'commander';
import type { RevocationTarget, RevokeAnswer } from '../admin-api/revocations.ts';
import { adminClient, adminOptions, type AdminOptions, type RevocationAsk } from './admin-call.ts';
import { confirm } from './confirm.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { harmless, jsonLine, type Terminal } from './terminal.ts';

interface RevokeOptions extends AdminOptions {
  readonly issuer?: string;
  readonly subject?: string;
  readonly nkey?: string;
  readonly role?: string;
  readonly binding?: string;
  readonly reason: string;
  readonly block?: true;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** `nats-sts revoke`: cuts off an identity, a user, a role or a binding. */
export function revokeCommand(terminal: Terminal): Command {
  const command = new Command('revoke')
    .description('cut off an identity, a user, a role or a binding')
    .option(
      '--issuer <name>',
      'with --subject: the name an issuer has in the configuration, or its URL',
    )
    .option('--subject <subject>', 'with --issuer: the identity')
    .addOption(targetOption('--nkey <nkey>', "one user's public nkey, U…"))
    .addOption(targetOption('--role <role>', 'everyone who holds a credential of this role'))
    .addOption(targetOption('--binding <binding>', 'everyone whom this binding let in'))
    .requiredOption('--reason <text>', 'why; goes into the audit log')
    .option('--block', 'refuse new logins too, until it is lifted')
    .option('--dry-run', 'only tell what would be cut')
    .option('-y, --yes', 'without asking')
    .option('--json', 'tell what was done as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: RevokeOptions) => run(terminal, options));
  return adminOptions(command);
}

const TARGETS = ['nkey', 'role', 'binding'] as const;

/** One target a revocation. */
function targetOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  const others = TARGETS.filter((name) => name !== option.attributeName());
  return option.conflicts(['issuer', 'subject', ...others]);
}

const EXAMPLES = `
Every credential that was issued to it and is still alive is cut within a second, and tokens from before
are refused from then on. A new login is judged afresh, unless --block.

Examples:
  nats-sts revoke --issuer entra --subject 7c9a… --reason "left the company" --block
  nats-sts revoke --nkey UD… --reason "laptop stolen"
  nats-sts revoke --binding "deploy jobs of acme" --reason "runner compromised" --dry-run`;

async function run(terminal: Terminal, options: RevokeOptions): Promise<void> {
  const { reason, block = false, dryRun, yes, json } = options;
  const ask: RevocationAsk = { target: targetOf(options), reason, block };
  const client = await adminClient(terminal, options);
  if (dryRun) {
    const answer = await client.dryRun(ask);
    return terminal.out(json ? jsonLine(answer) : lines(['dry run:', ...consequences(answer)]));
  }
  if (!yes) {
    const what = consequences(await client.dryRun(ask));
    await confirm(terminal, { yes, what, question: 'Revoke?' });
  }
  const answer = await client.revoke(ask);
  terminal.out(json ? jsonLine(answer) : lines(done(answer)));
}

function targetOf({ issuer, subject, nkey, role, binding }: RevokeOptions): RevocationTarget {
  if (issuer !== undefined && subject !== undefined) return { issuer, subject };
  if (issuer !== undefined || subject !== undefined) {
    throw new CliError(ExitCode.usage, '--issuer and --subject name an identity together');
  }
  if (nkey !== undefined) return { nkey };
  if (role !== undefined) return { role };
  if (binding !== undefined) return { binding };
  throw new CliError(
    ExitCode.usage,
    'whom? Give --issuer and --subject, --nkey, --role or --binding',
  );
}

function consequences(answer: RevokeAnswer): string[] {
  return [
    `Revokes ${targetText(answer.target)}: ${cutText(answer)} will be cut.`,
    ...notCutText(answer),
    answer.block
      ? 'New logins are refused until it is lifted.'
      : 'Tokens issued until now are refused; a new login, five seconds later, works if the policy still allows it.',
  ];
}

function done(answer: RevokeAnswer): string[] {
  return [
    `revoked ${targetText(answer.target)}: ${cutText(answer)} cut${answer.block ? ', new logins refused' : ''}`,
    ...notCutText(answer),
    ...(answer.id === undefined ? [] : [`to lift it: nats-sts revocations lift ${answer.id}`]),
  ];
}

function cutText({ credentials, credentials_not_cut, sessions }: RevokeAnswer): string {
  const cut = credentials - credentials_not_cut;
  const held = `${cut} credential${cut === 1 ? '' : 's'}`;
  if (sessions === null) return `${held} (the number of sessions is not known here)`;
  return `${held} and ${sessions} session${sessions === 1 ? '' : 's'}`;
}

function notCutText({ credentials, credentials_not_cut: left }: RevokeAnswer): string[] {
  if (left === 0) return [];
  const more = credentials > left ? ' more' : '';
  return left === 1
    ? [`1${more} is of an external account: NATS takes it until it expires.`]
    : [`${left}${more} are of external accounts: NATS takes them until they expire.`];
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${harmless(text)}\n`).join('');
}

/** Whom a revocation is about, for people. */
export function targetText(target: RevocationTarget): string {
  if ('issuer' in target) return `${target.issuer} ${target.subject}`;
  if ('nkey' in target) return `user ${target.nkey}`;
  return 'role' in target ? `role ${target.role}` : `binding ${target.binding}`;
}
