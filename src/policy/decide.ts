import { Refusal } from '../errors.ts';
import { lookUp } from '../identity/claims.ts';
import type { Identity, Json } from '../identity/identity.ts';
import { type CompiledBinding, matches, traceBinding } from './binding.ts';
import type { IssuerIndex } from './binding-index.ts';
import { shortened } from './claim-name.ts';
import { shownExactly } from './exact.ts';
import { fillRole } from './fill.ts';
import { findNearest, type Nearest } from './nearest.ts';
import { findOverage } from './overage.ts';
import type { Ask, Decision, Denial, Grant } from './policy.ts';
import type { CompiledRole } from './role.ts';

/** What a decision goes by. */
export interface Rules {
  /** The bindings by issuer name. */
  readonly issuers: ReadonlyMap<string, IssuerIndex>;
  /** By name. */
  readonly roles: ReadonlyMap<string, CompiledRole>;
}

/** A role that an identity may take, and the binding that says so. */
export interface Option {
  readonly binding: CompiledBinding;
  readonly role: CompiledRole;
}

/**
 * The decision about one identity: the first binding in the file that matches and lists a role that
 * the ask allows; of its roles the first such one. Nothing is fetched, nothing waits.
 */
export function decide(rules: Rules, identity: Identity, ask: Ask): Decision {
  const index = rules.issuers.get(identity.issuerName);
  const overage = denyOverage(index, identity);
  if (overage !== undefined) return overage;
  const [option] = options(index, identity, ask);
  return option === undefined ? refuse(rules, identity, ask) : grant(option, identity, ask);
}

/** The denial of a token that leaves out a claim which the issuer's bindings look at. */
export function denyOverage(
  index: IssuerIndex | undefined,
  identity: Identity,
): { readonly denial: Denial } | undefined {
  const refusal = index && findOverage(identity.claims, index.looksAt);
  return refusal && deny(refusal, index, identity);
}

/** Every role that the identity may take within the ask, the one it would get first. */
export function* options(
  index: IssuerIndex | undefined,
  identity: Identity,
  ask: Ask,
): Generator<Option> {
  for (const binding of index?.candidates(identity) ?? []) {
    const roles = binding.roles.filter((role) => isAskedFor(role, ask));
    if (roles.length === 0 || !matches(binding, identity)) continue;
    for (const role of roles) yield { binding, role };
  }
}

function isAskedFor({ spec }: CompiledRole, { role, account }: Ask): boolean {
  return (
    (role === undefined || spec.name === role) &&
    (account === undefined || spec.account === account)
  );
}

/** The grant for one role, or the denial of an identity whose values don't fit its templates. */
export function grant(
  { binding, role }: Option,
  identity: Identity,
  { ttlSeconds }: Ask,
): Decision {
  const filled = fillRole(role, identity);
  const claims = claimsSeen(identity, binding, role);
  if (filled instanceof Refusal) {
    return {
      denial: { refusal: filled, nearest: traceBinding(binding, identity), claimsSeen: claims },
    };
  }
  const { maxTtlSeconds } = role.spec;
  const granted: Grant = {
    binding: binding.spec.name,
    role: role.spec,
    ...filled,
    lifetimeSeconds: Math.min(maxTtlSeconds, ttlSeconds ?? maxTtlSeconds),
    claimsSeen: claims,
  };
  return { grant: granted };
}

/** Why there is no option: no binding matches, or none that does lists a role that was asked for. */
export function refuse(
  { issuers, roles }: Rules,
  identity: Identity,
  ask: Ask,
): { readonly denial: Denial } {
  const index = issuers.get(identity.issuerName);
  const matching = index?.candidates(identity).find((binding) => matches(binding, identity));
  if (matching === undefined) {
    const message = `No binding for issuer "${identity.issuerName}" matches this token.`;
    return deny(new Refusal('no_binding', message), index, identity);
  }
  const unknown = ask.role !== undefined && !roles.has(ask.role);
  // One message for roles that exist and roles that don't: what there is is nobody's business.
  const refusal = new Refusal('role_not_allowed', notAllowed(ask), {
    detail:
      `asked for ${JSON.stringify(shortened({ role: ask.role ?? null, account: ask.account ?? null }))}` +
      `${unknown ? ' (there is no such role)' : ''}; ` +
      `the first binding that matches is ${JSON.stringify(matching.spec.name)}`,
  });
  const trace = traceBinding(matching, identity);
  return { denial: denialFrom(refusal, identity, { binding: matching, trace }) };
}

/** Repeats what the caller asked for, as far as it could be a name of ours, and nothing else. */
function notAllowed({ role, account }: Ask): string {
  if (role !== undefined && SHOWABLE.test(role))
    return `This token may not take the role "${role}".`;
  if (role === undefined && account !== undefined && SHOWABLE.test(account)) {
    return `This token may not take a role of the account "${account}".`;
  }
  return 'This token may not take the role it asks for.';
}

const SHOWABLE = /^[A-Za-z0-9_-]{1,64}$/;

/** A denial, with the binding that came nearest for the log. */
export function deny(
  refusal: Refusal,
  index: IssuerIndex | undefined,
  identity: Identity,
): { readonly denial: Denial } {
  return { denial: denialFrom(refusal, identity, findNearest(index?.bindings ?? [], identity)) };
}

function denialFrom(refusal: Refusal, identity: Identity, nearest: Nearest | undefined): Denial {
  if (nearest === undefined) return { refusal, claimsSeen: {} };
  return { refusal, nearest: nearest.trace, claimsSeen: claimsSeen(identity, nearest.binding) };
}

/** What the token says about every claim that mattered, each value short enough for a record. */
function claimsSeen(
  { claims }: Identity,
  binding: CompiledBinding,
  role?: CompiledRole,
): Readonly<Record<string, Json>> {
  const seen: [string, Json][] = [];
  for (const { name, path } of [...binding.looksAt, ...(role?.looksAt ?? [])]) {
    const value = lookUp(claims, path);
    if (value !== undefined) seen.push([name, shortened(shownExactly(value))]);
  }
  return Object.fromEntries(seen);
}
