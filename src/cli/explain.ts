import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { Refusal } from '../errors.ts';
import { claimedIdentity } from '../identity/claimed.ts';
import type { Claims, Identity } from '../identity/identity.ts';
import { memorySingleUse } from '../identity/single-use.ts';
import { createVerifier } from '../identity/verify.ts';
import { compilePolicy } from '../policy/compile.ts';
import { configOption, requireConfig } from './config-option.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { type Explained, explanation } from './explanation.ts';
import { jsonLine, type Terminal } from './terminal.ts';
import { readToken, tokenOptions, type TokenOptions } from './token-option.ts';

interface ExplainOptions extends TokenOptions {
  readonly config?: string;
  readonly claims?: string;
  readonly issuer?: string;
  readonly role?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/** `nats-sts explain`: why does this token get this role, or none? */
export function explainCommand(terminal: Terminal): Command {
  const command = new Command('explain')
    .description('show, binding by binding, what the policy makes of a token')
    .addOption(configOption())
    .addOption(
      new Option('--claims <file>', 'a JSON payload instead of a token; nothing is verified'),
    )
    .option('--issuer <name>', 'with --claims: the issuer, when "iss" does not say it')
    .option('--role <role>', 'ask for this role')
    .option('--all', "show other issuers' bindings, too")
    .option('--json', 'one JSON document')
    .action(async (options: ExplainOptions) => {
      const config = loadConfig(requireConfig(options.config), { env: process.env });
      const identity = await identityFrom(config, options);
      if (identity instanceof Refusal) throw refused(terminal, identity, options);
      const explained = explain(config, identity, options);
      terminal.out(
        options.json
          ? jsonLine(forMachines(explained))
          : explanation(terminal, explained, options.all === true),
      );
      if ('denial' in explained.decision) throw new CliError(ExitCode.denied, '');
    });
  return tokenOptions(command);
}

function explain(config: Config, identity: Identity, options: ExplainOptions): Explained {
  const { policy } = compilePolicy(config);
  return {
    identity,
    verified: options.claims === undefined,
    bindings: policy.explain(identity),
    decision: policy.decide(identity, { role: options.role }),
  };
}

async function identityFrom(config: Config, options: ExplainOptions): Promise<Identity | Refusal> {
  if (options.claims !== undefined) return fromClaims(config, options.claims, options.issuer);
  const verifier = createVerifier({
    issuers: config.issuers,
    clock: systemClock,
    // Asking does not use a token up.
    singleUse: memorySingleUse({ clock: systemClock }),
    tokenBytes: config.limits.tokenBytes,
  });
  try {
    return await verifier.verify(readToken(options));
  } finally {
    verifier.close();
  }
}

function fromClaims(config: Config, file: string, issuer: string | undefined): Identity | Refusal {
  const claims = readClaims(file);
  const spec = config.issuers.find(({ name, issuers }) =>
    issuer === undefined ? issuers.includes(String(claims['iss'])) : name === issuer,
  );
  if (spec) return claimedIdentity(spec, claims);
  const names = config.issuers.map(({ name }) => name).join(', ');
  throw new CliError(
    ExitCode.usage,
    issuer === undefined
      ? `the claims' "iss" is not that of a configured issuer; name one with --issuer (${names})`
      : `there is no issuer "${issuer}" in the configuration; there are: ${names}`,
  );
}

function readClaims(file: string): Claims {
  const text = readFileSync(file === '-' ? 0 : file, 'utf8');
  try {
    const claims: unknown = JSON.parse(text);
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims)) {
      return claims as Claims;
    }
  } catch {
    // Told below: the file's text may hold more than should be shown.
  }
  throw new CliError(ExitCode.usage, `${file} is not a JSON object of claims`);
}

function refused(terminal: Terminal, refusal: Refusal, { json }: ExplainOptions): CliError {
  const { reason, message, detail } = refusal;
  if (json) terminal.out(jsonLine({ refused: { reason, message, detail } }));
  return new CliError(
    refusal.code === 'temporarily_unavailable' ? ExitCode.unavailable : ExitCode.denied,
    json ? '' : `the token was refused: ${message} (${reason}${detail ? `; ${detail}` : ''})`,
  );
}

function forMachines({ identity, verified, bindings, decision }: Explained) {
  const { issuerName, issuer, subject, kind } = identity;
  return {
    identity: { issuerName, issuer, subject, kind, verified },
    bindings,
    ...('grant' in decision
      ? { grant: decision.grant }
      : {
          denial: {
            reason: decision.denial.refusal.reason,
            message: decision.denial.refusal.message,
            nearest: decision.denial.nearest?.binding,
          },
        }),
  };
}
