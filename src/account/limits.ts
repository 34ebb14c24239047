import type { JetStreamLimits, ManagedLimits } from '../nats/account-claims.ts';
import { numberOf } from '../nats/exact-json.ts';
import type { AccountClaims } from './account-jwt.ts';

type Members = Readonly<Record<string, unknown>>;

export interface WithLimits {
  /** The same object when nothing is to change. */
  readonly claims: AccountClaims;
  /** Sentences about limits that stay as they are: NATS would refuse the whole JWT with them. */
  readonly refused: readonly string[];
}

const JETSTREAM = new Set<keyof JetStreamLimits>([
  'mem_storage',
  'disk_storage',
  'streams',
  'consumer',
  'max_ack_pending',
  'mem_max_stream_bytes',
  'disk_max_stream_bytes',
  'max_bytes_required',
]);

/**
 * The claims with the limits that are wanted, and everything else as it was, in its order. What says
 * the same stays as it is written: other tools leave out what is 0 or false.
 */
export function mergeLimits(found: AccountClaims, wanted: ManagedLimits): WithLimits {
  const there = (found.nats['limits'] ?? {}) as Members;
  const refused = refusals(found, wanted);
  const { tiered_limits: tiers, ...flat } = wanted;
  const usable = Object.entries(flat).filter(([name]) => !refused.has(name));
  let limits = withMembers(there, usable);
  // JWTs with limits of both kinds are refused.
  if (tiers && Object.keys(tiers).length > 0) limits = withTiers(limits, tiers);
  else if (usable.some(([name]) => isJetStream(name))) limits = without(limits, ['tiered_limits']);
  const claims = limits === there ? found : { ...found, nats: { ...found.nats, limits } };
  return { claims, refused: [...refused.values()] };
}

function withMembers(
  there: Members,
  wanted: readonly (readonly [name: string, value: number | boolean])[],
): Members {
  const changed = wanted.filter(([name, value]) => !saysTheSame(there[name], value));
  return changed.length === 0 ? there : { ...there, ...Object.fromEntries(changed) };
}

function withTiers(limits: Members, wanted: NonNullable<ManagedLimits['tiered_limits']>): Members {
  const cleared = without(limits, [...JETSTREAM]);
  const there = (cleared['tiered_limits'] ?? {}) as Readonly<Record<string, Members>>;
  const changed = Object.entries(wanted).flatMap(([tier, of]) => {
    const before = there[tier] ?? {};
    const after = withMembers(before, Object.entries(of));
    return after === before ? [] : [[tier, after] as const];
  });
  if (changed.length === 0) return cleared;
  return { ...cleared, tiered_limits: { ...there, ...Object.fromEntries(changed) } };
}

/** The same object when none of them says anything. */
function without(members: Members, names: readonly string[]): Members {
  const gone = new Set(names.filter((name) => members[name] !== undefined));
  if (gone.size === 0) return members;
  return Object.fromEntries(Object.entries(members).filter(([name]) => !gone.has(name)));
}

function isJetStream(name: string): boolean {
  return (JETSTREAM as ReadonlySet<string>).has(name);
}

/** What is absent is 0, or false. */
function saysTheSame(there: unknown, wanted: number | boolean): boolean {
  if (typeof wanted === 'boolean') return (there ?? false) === wanted;
  return (there === undefined ? 0 : numberOf(there)) === wanted;
}

/** Limit → why it can't be set (jwt v2, `account_claims.go`: an account must keep its own limits). */
function refusals({ nats }: AccountClaims, wanted: ManagedLimits): Map<string, string> {
  const { imports, exports, wildcards } = wanted;
  const refused = new Map<string, string>();
  const listed = (name: string) => {
    const list = nats[name];
    return Array.isArray(list) ? (list as readonly { readonly subject?: unknown }[]) : [];
  };
  for (const [name, most] of [['imports', imports] as const, ['exports', exports] as const]) {
    const count = listed(name).length;
    if (most === undefined || most < 0 || most >= count) continue;
    refused.set(name, `limits.${name} cannot be ${most}: the account has ${count} ${name}`);
  }
  const wild = listed('exports').find(({ subject }) => hasWildcard(subject));
  if (wildcards === false && wild) {
    refused.set(
      'wildcards',
      `limits.wildcards cannot be false: the account exports ${JSON.stringify(wild.subject)}`,
    );
  }
  return refused;
}

function hasWildcard(subject: unknown): boolean {
  return (
    typeof subject === 'string' && subject.split('.').some((part) => part === '*' || part === '>')
  );
}
