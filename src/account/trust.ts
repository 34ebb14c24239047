import { z } from 'zod';
import { Malformed } from '../nats/malformed.ts';
import { mayIssueAccounts, parseOperatorJwt } from '../nats/operator-jwt.ts';
import type { Answers } from './system/ask-servers.ts';
import { askSystem, type SystemAccess } from './system/ask-system.ts';
import { ResolverUnreachable } from './resolver.ts';
import { VARZ } from './system/permissions.ts';

/** Whose account JWTs count: public keys of an operator, `O…`. */
export type TrustedIssuers = ReadonlySet<string>;

/** The operator can't be trusted, or doesn't know our signing key. */
export class NotTrusted {
  /** One sentence for the operator of nats-sts; holds no secret. */
  readonly problem: string;

  constructor(problem: string) {
    this.problem = problem;
  }
}

/**
 * What an operator JWT trusts. `signingKey`: the public key that we sign account JWTs with, which
 * must be among them.
 */
export function trustOfOperator(text: string, signingKey?: string): TrustedIssuers | NotTrusted {
  const operator = parseOperatorJwt(text);
  if (operator instanceof Malformed) {
    return new NotTrusted(`cannot use the operator JWT: ${operator.problem}`);
  }
  const { publicKey: sub, name, signingKeys } = operator;
  const issuers = new Set(
    [sub, ...signingKeys].filter((issuer) => mayIssueAccounts(operator, issuer)),
  );
  if (signingKey === undefined || issuers.has(signingKey)) return issuers;
  return new NotTrusted(unknownKey(signingKey, `operator ${operatorName({ sub, name })}`, issuers));
}

/**
 * What the servers themselves trust. All that answer must trust an operator that knows `signingKey`.
 * Throws `ResolverUnreachable`.
 */
export async function trustOfServers(
  system: SystemAccess,
  signingKey: string,
): Promise<TrustedIssuers | NotTrusted> {
  const answers = await askSystem(system, { varz: { subject: VARZ } });
  return trustOfAnswers(answers, signingKey);
}

function trustOfAnswers(answers: Answers<'varz'>, signingKey: string): TrustedIssuers | NotTrusted {
  let common: TrustedIssuers | undefined;
  for (const { id, name } of answers.present.values()) {
    const answer = answers.to('varz').get(id);
    if (!answer)
      throw new ResolverUnreachable(
        `server ${name} did not report in time which operator it trusts`,
      );
    const varz = varzData.safeParse(answer.data);
    const operators = varz.data?.trusted_operators_claim ?? [];
    const ours = operators.map(issuersOf).find((issuers) => issuers.has(signingKey));
    if (!ours) return new NotTrusted(unknownToServer(name, operators, signingKey));
    common = new Set([...ours].filter((issuer) => common?.has(issuer) ?? true));
  }
  return common ?? new NotTrusted('no server reports which operator it trusts');
}

function unknownToServer(name: string, operators: readonly Operator[], signingKey: string): string {
  if (operators.length === 0) return `server ${name} does not report which operator it trusts`;
  const names = operators.map(operatorName).join(', ');
  const known = new Set(operators.flatMap((operator) => [...issuersOf(operator)]));
  return unknownKey(signingKey, `operator ${names}, which server ${name} trusts`, known);
}

function unknownKey(signingKey: string, operator: string, known: TrustedIssuers): string {
  return `the operator signing key ${signingKey} does not belong to ${operator} (its keys: ${[...known].join(', ')})`;
}

const operatorClaims = z.object({
  sub: z.string(),
  name: z.string().optional(),
  nats: z.object({
    signing_keys: z.array(z.string()).nullish(),
    strict_signing_key_usage: z.boolean().optional(),
  }),
});
type Operator = z.infer<typeof operatorClaims>;

const varzData = z.object({ trusted_operators_claim: z.array(operatorClaims).optional() });

function issuersOf({ sub, nats }: Operator): TrustedIssuers {
  const signingKeys = nats.signing_keys ?? [];
  return new Set(nats.strict_signing_key_usage ? signingKeys : [sub, ...signingKeys]);
}

function operatorName({ sub, name }: Pick<Operator, 'sub' | 'name'>): string {
  return name === undefined ? sub : `"${name}" (${sub})`;
}
