import type { Config } from '../../config/config.ts';
import { Refusal } from '../../errors.ts';
import { claimedIdentity } from '../../identity/claimed.ts';
import type { Claims, Identity } from '../../identity/identity.ts';
import type { Policy } from '../../policy/compile.ts';
import type { Ask, Decision } from '../../policy/policy.ts';
import type { GoldenCase } from './case.ts';

/** How a golden case went; `differences` is empty when the decision is as expected. */
export interface Verdict {
  readonly name: string;
  readonly differences: readonly string[];
}

export function judge(policy: Policy, config: Config, golden: GoldenCase): Verdict {
  const decision = decide(policy, config, golden);
  const differences =
    decision instanceof Refusal
      ? refused(golden, decision)
      : 'grant' in decision
        ? granted(golden, decision)
        : denied(golden, decision);
  return { name: golden.name, differences };
}

function decide(policy: Policy, config: Config, golden: GoldenCase): Decision | Refusal {
  const subject = identityOf(config, golden);
  if (subject instanceof Refusal) return subject;
  const { role, account, ttl } = golden.ask;
  const ask: Ask = { role, account, ttlSeconds: ttl };
  if (!golden.actor) return policy.decide(subject, ask);
  const actor = identityOf(config, golden.actor);
  return actor instanceof Refusal ? actor : policy.decideDelegated(subject, actor, ask);
}

function identityOf(
  { issuers }: Config,
  { issuer, claims }: { readonly issuer: string; readonly claims: Claims },
): Identity | Refusal {
  const spec = issuers.find(({ name }) => name === issuer);
  if (!spec) return new Refusal('issuer_unknown', `no issuer "${issuer}" in the configuration`);
  return claimedIdentity(spec, claims);
}

function refused({ expect }: GoldenCase, { reason, message }: Refusal): string[] {
  if (expect.denied === reason) return [];
  return [`expected ${wanted(expect)}, but the identity was refused: ${reason} (${message})`];
}

function denied(
  { expect }: GoldenCase,
  { denial }: Extract<Decision, { denial: object }>,
): string[] {
  const { reason } = denial.refusal;
  const failed = denial.nearest?.conditions.filter(({ held }) => !held).map(({ on }) => on) ?? [];
  if (expect.denied === undefined) {
    const near = denial.nearest
      ? `; nearest is "${denial.nearest.binding}", where ${failed.join(', ')} failed`
      : '';
    return [`expected ${wanted(expect)}, but it was denied: ${reason}${near}`];
  }
  return [
    ...differ('denied', expect.denied, reason),
    ...(expect.failed !== undefined && !failed.includes(expect.failed)
      ? [`expected ${expect.failed} to fail in the nearest binding, but ${list(failed)} did`]
      : []),
  ];
}

function granted(
  { expect }: GoldenCase,
  { grant }: Extract<Decision, { grant: object }>,
): string[] {
  if (expect.denied !== undefined) {
    return [
      `expected ${wanted(expect)}, but "${grant.binding}" granted the role ${grant.role.name}`,
    ];
  }
  return [
    ...differ('role', expect.role, grant.role.name),
    ...differ('binding', expect.binding, grant.binding),
    ...differ('ttl', expect.ttl, grant.lifetimeSeconds),
    ...differ('publish', sorted(expect.publish), sorted(grant.publish.allow)),
    ...differ('subscribe', sorted(expect.subscribe), sorted(grant.subscribe.allow)),
  ];
}

function wanted({ role, denied }: GoldenCase['expect']): string {
  return role === undefined ? `the denial ${denied}` : `the role ${role}`;
}

function differ(what: string, expected: unknown, actual: unknown): string[] {
  if (expected === undefined || JSON.stringify(expected) === JSON.stringify(actual)) return [];
  return [`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`];
}

function sorted(subjects: readonly string[] | undefined): string[] | undefined {
  return subjects?.toSorted();
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}
