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

/** What decisions are based on. */
export interface Rules {
  /** The bindings by issuer name. */
  readonly issuers: ReadonlyMap<string, IssuerIndex>;
  /** By name. */
  readonly roles: ReadonlyMap<string, CompiledRole>;
}

/** A role that an identity may have, and the binding that gives it. */
export interface Option {
  readonly binding: CompiledBinding;
  readonly role: CompiledRole;
}

/**
 * Decides about one identity: the first binding in the file that matches and lists a requested role, and
 * the first such role in it. Synchronous, no I/O.
 */
export function decide(rules: Rules, identity: Identity, ask: Ask): Decision {
  const index = rules.issuers.get(identity.issuerName);
  const overage = denyOverage(index, identity);
  if (overage !== undefined) return overage;
  const option = firstOption(index, identity, ask);
  return option === undefined ? refuse(rules, identity, ask) : grant(option, identity, ask);
}

/** The first of `options`. */
function firstOption(
  index: IssuerIndex | undefined,
  identity: Identity,
  ask: Ask,
): Option | undefined {
  for (const binding of index?.candidates(identity) ?? []) {
    const role = binding.roles.find((role) => isAskedFor(role, ask));
    if (role !== undefined && matches(binding, identity)) return { binding, role };
  }
  return undefined;
}

/** The denial of a token that omits a claim which the issuer's bindings read. */
export function denyOverage(
  index: IssuerIndex | undefined,
  identity: Identity,
): { readonly denial: Denial } | undefined {
  const refusal = index && findOverage(identity.claims, index.looksAt);
  return refusal && deny(refusal, index, identity);
}

/** Every requested role that the identity may have, the one it would get first. */
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

/** The grant for one role, or the denial of an identity with values that its templates do not accept. */
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

/** Why there is no option: no binding matches, or no matching one lists a requested role. */
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
  const { role, account } = ask;
  const asked = { ...(role !== undefined && { role }), ...(account !== undefined && { account }) };
  const unknown = role !== undefined && !roles.has(role);
  // The same message whether or not the role exists: callers must not learn which roles exist.
  const refusal = new Refusal('role_not_allowed', notAllowed(ask), {
    detail:
      `asked for ${JSON.stringify(shortened(asked))}${unknown ? ' (there is no such role)' : ''}; ` +
      `the first binding that matches is ${JSON.stringify(matching.spec.name)}`,
  });
  const trace = traceBinding(matching, identity);
  return { denial: denialFrom(refusal, identity, { binding: matching, trace }) };
}

/** Quotes what the caller asked for only if it could be a name of ours. */
function notAllowed({ role, account }: Ask): string {
  if (role !== undefined && SHOWABLE.test(role))
    return `This token may not take the role "${role}".`;
  if (role === undefined && account !== undefined && SHOWABLE.test(account)) {
    return `This token may not take a role in the account "${account}".`;
  }
  return 'This token may not take the requested role.';
}

const SHOWABLE = /^[A-Za-z0-9_-]{1,64}$/;

/** A denial, with the binding that came closest, for the log. */
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

/** The values of the claims that mattered, each short enough for a record. */
function claimsSeen(
  { claims }: Identity,
  binding: CompiledBinding,
  role?: CompiledRole,
): Readonly<Record<string, Json>> {
  const seen: [string, Json][] = [];
  for (const uses of [binding.looksAt, role?.looksAt ?? []]) {
    for (const { name, path } of uses) {
      const value = lookUp(claims, path);
      if (value !== undefined) seen.push([name, shortened(shownExactly(value))]);
    }
  }
  return Object.fromEntries(seen);
}
