import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { Refusal } from '../errors.ts';
import type { Identity } from '../identity/identity.ts';
import { memorySingleUse } from '../identity/single-use.ts';
import { createVerifier } from '../identity/verify.ts';
import { preflight } from '../service/signing/preflight.ts';
import { readClaimed } from './claims-option.ts';
import { configOption, requireConfig } from './config-option.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { type Explained, explanation } from './explanation.ts';
import { carriedOut } from './issuable.ts';
import { harmless, jsonLine, type Terminal } from './terminal.ts';
import { storedPending } from './stored-pending.ts';
import { readToken, tokenOptions, type TokenOptions } from './token-option.ts';

interface ExplainOptions extends TokenOptions {
  readonly config?: string;
  readonly claims?: string;
  readonly issuer?: string;
  readonly role?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `nats-sts explain`: shows why a token gets a role, or none. */
export function explainCommand(terminal: Terminal): Command {
  const command = new Command('explain')
    .addOption(configOption())
    .addOption(
      new Option(
        '--claims <file>',
        'a JSON payload instead of a token (- for stdin), which is not verified',
      ).conflicts(['token', 'tokenFile']),
    )
    .option('--issuer <name>', 'with --claims: the issuer, if the claims have no "iss"')
    .option('--role <role>', 'request this role')
    .option('--all', 'also show bindings for other issuers')
    .option('--json', 'print one JSON document')
    .addHelpText('after', EXAMPLES)
    .action((options: ExplainOptions) => run(terminal, options));
  return tokenOptions(command);
}

const EXAMPLES = `
Nothing is issued or recorded, and single-use tokens stay usable.
If the store is an SQLite file on this machine, explain also says if the signing key of the role
is not active yet, or has old permissions. With another store, see nats-sts keys list.

Examples:
  nats-sts explain --config sts.yaml --token-file /var/run/secrets/nats/token
  nats-sts explain --config sts.yaml --claims payload.json --issuer github --role deployer
  print-token | nats-sts explain --config sts.yaml --token - --json`;

async function run(terminal: Terminal, options: ExplainOptions): Promise<void> {
  if (options.issuer !== undefined && options.claims === undefined) {
    throw new CliError(ExitCode.usage, 'use --issuer only with --claims; a token names its issuer');
  }
  const config = loadConfig(requireConfig(options.config), { env: process.env });
  const { identity, rejections } =
    options.claims === undefined
      ? { identity: await verified(config, options), rejections: undefined }
      : await readClaimed(config, options.claims, options.issuer);
  if (identity instanceof Refusal) throw refused(terminal, identity, options);

  preflight(config);
  const { policy } = config;
  const decision = carriedOut(config, policy)(policy.decide(identity, { role: options.role }), {
    subject: identity,
  });
  const explained: Explained = {
    identity,
    rejections,
    bindings: policy.explain(identity),
    decision,
    pending:
      'grant' in decision
        ? storedPending(config, policy, decision.grant.role, systemClock)
        : undefined,
  };
  terminal.out(
    options.json
      ? jsonLine(forMachines(explained))
      : explanation(terminal, explained, options.all === true),
  );
  if ('denial' in explained.decision) throw new CliError(ExitCode.denied, '');
}

async function verified(config: Config, options: ExplainOptions): Promise<Identity | Refusal> {
  const token = await readToken(options);
  const verifier = createVerifier({
    issuers: config.issuers,
    clock: systemClock,
    // explain does not use up single-use tokens.
    singleUse: memorySingleUse({ clock: systemClock }),
    tokenBytes: config.limits.tokenBytes,
  });
  try {
    return await verifier.verify(token);
  } finally {
    verifier.close();
  }
}

function refused(terminal: Terminal, refusal: Refusal, { json }: ExplainOptions): CliError {
  const { reason, message, detail } = refusal;
  if (json) terminal.out(jsonLine({ refused: { reason, message, detail } }));
  const why = detail === undefined ? reason : `${reason}; ${detail}`;
  return new CliError(
    refusal.code === 'temporarily_unavailable' ? ExitCode.unavailable : ExitCode.denied,
    json ? '' : harmless(`the token was rejected: ${message} (${why})`),
  );
}

function forMachines({ identity, rejections, bindings, decision, pending }: Explained) {
  const { issuerName, issuer, subject, kind } = identity;
  return {
    identity: { issuerName, issuer, subject, kind, verified: rejections === undefined },
    ...(rejections && { rejections: rejections.map(plain) }),
    bindings,
    ...('grant' in decision
      ? { grant: decision.grant, ...(pending && { signingKey: pending }) }
      : {
          denial: {
            ...plain(decision.denial.refusal),
            nearest: decision.denial.nearest?.binding,
          },
        }),
  };
}

function plain({ reason, message, detail }: Refusal) {
  return { reason, message, detail };
}
