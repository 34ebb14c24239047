import { readFileSync } from 'node:fs';
import type { Claims, Identity } from '../../src/identity/identity.ts';
import { compilePolicy, type Policy } from '../../src/policy/compile.ts';
import type { MatchSpec } from '../../src/policy/match/grammar.ts';
import type { BindingSpec, Decision, Denial, Grant, RoleSpec } from '../../src/policy/policy.ts';

export function identity(claims: Claims, more: Partial<Identity> = {}): Identity {
  return {
    issuerName: 'github',
    issuer: 'https://token.actions.githubusercontent.com',
    subject: 'somebody',
    kind: 'jwt',
    claims,
    issuedAt: 1_795_343_400,
    expiresAt: 1_795_343_700,
    tokenHash: '0'.repeat(64),
    ...more,
  };
}

export function role(name: string, more: Partial<RoleSpec> = {}): RoleSpec {
  return {
    name,
    account: 'APP',
    publish: { allow: [`${name}.>`], deny: [] },
    subscribe: { allow: ['_INBOX.>'], deny: [] },
    limits: {},
    maxTtlSeconds: 900,
    ...more,
  };
}

export function binding(more: Partial<BindingSpec> = {}): BindingSpec {
  return {
    name: 'a binding',
    issuer: 'github',
    match: { sub: { glob: '*' } },
    roles: ['reader'],
    ...more,
  };
}

/** A policy without problems; throws where there are any. */
export function policyOf(roles: readonly RoleSpec[], bindings: readonly BindingSpec[]): Policy {
  const { policy, problems } = compilePolicy({ roles, bindings });
  if (problems.length > 0) throw new Error(JSON.stringify(problems));
  return policy;
}

/** Whether claims meet one `match`. */
export function meets(match: Record<string, MatchSpec>, claims: Claims): boolean {
  return 'grant' in policyOf([role('reader')], [binding({ match })]).decide(identity(claims), {});
}

export function granted(decision: Decision): Grant {
  if ('grant' in decision) return decision.grant;
  throw new Error(`denied: ${decision.denial.refusal.message}`);
}

export function denied(decision: Decision): Denial {
  if ('denial' in decision) return decision.denial;
  throw new Error(`granted: ${decision.grant.role.name}`);
}

/** The claims of a token as a provider really issues it; a variant by its name. */
export function providerClaims(provider: string, variant?: string): Claims {
  const url = new URL(`../claims/${provider}.json`, import.meta.url);
  const file: { claims: Claims; variants?: { name: string; claims: Claims }[] } = JSON.parse(
    readFileSync(url, 'utf8'),
  );
  if (variant === undefined) return file.claims;
  const found = file.variants?.find(({ name }) => name === variant);
  if (found === undefined) throw new Error(`${provider} has no variant ${variant}`);
  return found.claims;
}
