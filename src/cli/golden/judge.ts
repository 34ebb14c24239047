import type { Config } from '../../config/config.ts';
import { durationText } from '../../config/schema/scalars.ts';
import { didYouMean } from '../../suggest.ts';
import { Refusal } from '../../errors.ts';
import { claimedIdentity } from '../../identity/claimed-identity.ts';
import type { Claims, Identity } from '../../identity/identity.ts';
import type { Policy } from '../../policy/compile.ts';
import type { Ask, Decision, SubjectRules } from '../../policy/policy.ts';
import { carriedOut } from '../issuable.ts';
import type { Expectation, GoldenCase } from './case.ts';

/** The result of a golden case. `differences` is empty if the decision is as expected. */
export interface Verdict {
  readonly name: string;
  /** File and line of the case. */
  readonly place: string;
  readonly differences: readonly string[];
}

/** Compares golden cases with the decisions that the service would make. */
export function createJudge(policy: Policy, config: Config): (golden: GoldenCase) => Verdict {
  const carryOut = carriedOut(config, policy);
  const differencesOf = (golden: GoldenCase): readonly string[] => {
    const { ask, expect } = golden;
    const subject = identityOf(config, golden);
    const actor = golden.actor && identityOf(config, golden.actor);
    if (typeof subject === 'string') return [subject];
    if (typeof actor === 'string') return [`actor: ${actor}`];
    if (subject instanceof Refusal) return refused(expect, subject);
    if (actor instanceof Refusal) return refused(expect, actor);
    const asked: Ask = { role: ask.role, account: ask.account, ttlSeconds: ask.ttl };
    const decision = actor
      ? policy.decideDelegated(subject, actor, asked)
      : policy.decide(subject, asked);
    return compare(expect, carryOut(decision, { subject, actor }));
  };
  return (golden) => {
    const { name, place } = golden;
    return { name, place, differences: differencesOf(golden) };
  };
}

/** Text if the case itself is wrong. */
function identityOf(
  { issuers }: Config,
  { issuer, claims }: { readonly issuer: string; readonly claims: Claims },
): Identity | Refusal | string {
  const spec = issuers.find(({ name }) => name === issuer);
  if (spec) return claimedIdentity(spec, claims);
  const names = issuers.map(({ name }) => name);
  return `there is no issuer "${issuer}" in the configuration${didYouMean(issuer, names)}`;
}

function refused(expect: Expectation, { reason, message }: Refusal): string[] {
  if (expect.denied === reason && expect.failed === undefined) return [];
  return [`expected ${wanted(expect)}, but the identity was rejected: ${reason} (${message})`];
}

function compare(expect: Expectation, decision: Decision): string[] {
  return 'grant' in decision ? granted(expect, decision) : denied(expect, decision);
}

function denied(expect: Expectation, { denial }: Extract<Decision, { denial: object }>): string[] {
  const { reason } = denial.refusal;
  const failed = denial.nearest?.conditions.filter(({ held }) => !held).map(({ on }) => on) ?? [];
  if (expect.denied === undefined) {
    const near = denial.nearest
      ? `; the closest binding is "${denial.nearest.binding}", where ${list(failed)} failed`
      : '';
    return [`expected ${wanted(expect)}, but it was denied: ${reason}${near}`];
  }
  return [
    ...differ('denied', expect.denied, reason),
    ...(expect.failed !== undefined && !failed.includes(expect.failed)
      ? [`expected ${expect.failed} to fail in the closest binding, but ${list(failed)} did`]
      : []),
  ];
}

function granted(expect: Expectation, { grant }: Extract<Decision, { grant: object }>): string[] {
  if (expect.denied !== undefined) {
    return [
      `expected ${wanted(expect)}, but "${grant.binding}" granted the role ${grant.role.name}`,
    ];
  }
  const { ttl } = expect;
  return [
    ...differ('role', expect.role, grant.role.name),
    ...differ('binding', expect.binding, grant.binding),
    ...differ(
      'ttl',
      ttl === undefined ? undefined : durationText(ttl),
      durationText(grant.lifetimeSeconds),
    ),
    ...differSubjects('publish', expect.publish, grant.publish),
    ...differSubjects('subscribe', expect.subscribe, grant.subscribe),
  ];
}

/** A plain list means these are allowed and nothing is denied. */
function differSubjects(
  what: string,
  expected: Expectation['publish'],
  actual: SubjectRules,
): string[] {
  if (expected === undefined) return [];
  const { allow = [], deny = [] } = Array.isArray(expected) ? { allow: expected } : expected;
  return [
    ...differ(what, allow.toSorted(), actual.allow.toSorted()),
    ...differ(`${what} deny`, deny.toSorted(), actual.deny.toSorted()),
  ];
}

function wanted({ role, denied }: Expectation): string {
  return role === undefined ? `the denial ${denied}` : `the role ${role}`;
}

function differ(what: string, expected: unknown, actual: unknown): string[] {
  if (expected === undefined || JSON.stringify(expected) === JSON.stringify(actual)) return [];
  return [`${what}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`];
}

function list(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}
