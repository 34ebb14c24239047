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

/** `nats-sts revoke`: revokes the credentials of an identity, a user, a role or a binding. */
export function revokeCommand(terminal: Terminal): Command {
  const command = new Command('revoke')
    .option(
      '--issuer <name>',
      'with --subject: the issuer, by its name in the configuration or its URL',
    )
    .option('--subject <subject>', 'with --issuer: the subject of the identity')
    .addOption(targetOption('--nkey <nkey>', 'one user, by public nkey, U…'))
    .addOption(targetOption('--role <role>', 'everyone who has a credential of this role'))
    .addOption(
      targetOption('--binding <binding>', 'everyone whose credential this binding allowed'),
    )
    .requiredOption('--reason <text>', 'why (required); stored in the audit log')
    .option('--block', 'deny new credentials too, until the revocation is lifted')
    .option('--dry-run', 'only show what would be revoked')
    .option('-y, --yes', 'do not ask for confirmation')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action((options: RevokeOptions) => run(terminal, options));
  return adminOptions(command);
}

const TARGETS = ['nkey', 'role', 'binding'] as const;

/** A revocation has one target. */
function targetOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  const others = TARGETS.filter((name) => name !== option.attributeName());
  return option.conflicts(['issuer', 'subject', ...others]);
}

const EXAMPLES = `
Within a second, NATS disconnects everyone who uses one of these credentials, and nats-sts denies tokens
issued before the revocation. A newer token gets a credential again if the policy allows it, unless you use --block.

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
    throw new CliError(ExitCode.usage, '--issuer and --subject go together: give both');
  }
  if (nkey !== undefined) return { nkey };
  if (role !== undefined) return { role };
  if (binding !== undefined) return { binding };
  throw new CliError(
    ExitCode.usage,
    'no target given. Give --issuer and --subject, --nkey, --role or --binding',
  );
}

function consequences(answer: RevokeAnswer): string[] {
  return [
    `Revokes ${targetText(answer.target)}: ${revokedText(answer)}.`,
    ...notRevokedText(answer),
    answer.block
      ? 'New credentials are denied until you lift the revocation.'
      : 'Tokens issued until five seconds from now are denied. Later tokens work if the policy allows them.',
  ];
}

function done(answer: RevokeAnswer): string[] {
  return [
    `revoked ${targetText(answer.target)}: ${revokedText(answer)}${answer.block ? '; new credentials are denied' : ''}`,
    ...notRevokedText(answer),
    ...(answer.id === undefined ? [] : [`to lift it: nats-sts revocations lift ${answer.id}`]),
  ];
}

function revokedText({ credentials, credentials_not_cut, sessions }: RevokeAnswer): string {
  const revoked = credentials - credentials_not_cut;
  const text = `${revoked} credential${revoked === 1 ? '' : 's'}`;
  if (sessions === null) return `${text} (number of connections unknown)`;
  return `${text} and ${sessions} connection${sessions === 1 ? '' : 's'}`;
}

function notRevokedText({ credentials, credentials_not_cut: left }: RevokeAnswer): string[] {
  if (left === 0) return [];
  const more = credentials > left ? ' more' : '';
  return left === 1
    ? [`1${more} is from an external account: NATS accepts it until it expires.`]
    : [`${left}${more} are from external accounts: NATS accepts them until they expire.`];
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${harmless(text)}\n`).join('');
}

/** The target of a revocation, for people. */
export function targetText(target: RevocationTarget): string {
  if ('issuer' in target) return `${target.issuer} ${target.subject}`;
  if ('nkey' in target) return `user ${target.nkey}`;
  return 'role' in target ? `role ${target.role}` : `binding ${target.binding}`;
}
