import { type Ring, type RingKey, trustedKeys } from '../keyring/ring.ts';
import type { CalloutAuthorization, ManagedLimits } from '../nats/account-claims.ts';
import type { AccountAdmission } from '../nats/admission.ts';
import { type AccountClaims, isLoadable, keyOf } from './account-jwt.ts';
import { admissionIn, isDeleted } from './admission.ts';
import { mergeCallout } from './callout.ts';
import { readView, type ViewRead } from './read-view.ts';
import { isListedExactly, listedKey, whyUnusable } from './listing.ts';
import { mergeLimits } from './limits.ts';
import { mergeAccount, sameForUs } from './merge.ts';
import { fitRing } from './room.ts';
import type { TrustedIssuers } from './trust.ts';
import type { AccountView } from './resolver.ts';

/** Why an account JWT is to be pushed. */
type PushReason =
  /** The ring wants something that no account JWT says yet. */
  | 'new'
  /** The newest says what the ring wants, and some server does not have it. */
  | 'server-behind'
  /** The newest lost something that was in force: someone else pushed without it. */
  | 'drift';

export interface Assessment {
  /** What every server that is known to be there has or would load is known. */
  readonly complete: boolean;
  /** Set when every server holds the newest account JWT, and nothing else: some have it only stored, and load it when they need it. */
  readonly alike?: 'loaded' | 'stored';
  /** All answered; some have not loaded the account, and none stores what they could load: only a connection tells. */
  readonly unloaded?: boolean;
  /** Keys of the ring that every server surely accepts, in the form that we sign for. */
  readonly confirmed: ReadonlySet<string>;
  /** Of managed accounts: key of the ring that is not confirmed → names of the servers without it, and of those that are silent. */
  readonly lacking?: ReadonlyMap<string, readonly string[]>;
  /** Every key that an account JWT of a trusted issuer lists on some server. */
  readonly listed: ReadonlySet<string>;
  /** Of keys that are listed in a form that we can't use, or not at all: public key → why. */
  readonly unusable: ReadonlyMap<string, string>;
  /** The newest account JWT of a trusted issuer. */
  readonly base: AccountClaims | undefined;
  /** Whether users of the account get in; absent: nothing new is known. */
  readonly admission?: AccountAdmission | undefined;
  /** To be signed and pushed; `iat` is set. Never for external accounts. */
  readonly push: { readonly claims: AccountClaims; readonly why: PushReason } | undefined;
  /** Keys of ours that were in force and that the newest account JWT no longer lists as we do. */
  readonly lost: readonly string[];
  /** Managed accounts: the newest account JWT has the limits that are wanted, as far as it can. */
  readonly limitsAsWanted?: boolean;
  /** It had them, and someone else changed them. */
  readonly limitsChanged?: boolean;
  /** For the operator: sentences. */
  readonly problems: readonly string[];
  /** The same of what keeps nothing from being rotated. */
  readonly warnings?: readonly string[];
}

export interface AssessInput {
  readonly view: AccountView;
  readonly ring: Ring;
  /** Absent (external accounts only): whatever the servers have is taken as it is. */
  readonly issuers?: TrustedIssuers | undefined;
  /** Managed accounts: limits that the account JWT is to have; `were`: it had them before. */
  readonly limits?: { readonly wanted: ManagedLimits; readonly were: boolean } | undefined;
  /** Managed accounts: the auth callout that the account JWT is to name. */
  readonly callout?: CalloutAuthorization | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** What a view of the servers means for a ring: pure. */
export function assess({ view, ring, issuers, limits, callout, now }: AssessInput): Assessment {
  if (ring.kind === 'managed' && !issuers) {
    throw new TypeError('a managed account needs the keys that its operator trusts');
  }
  const read = readView(view, {
    account: ring.publicKey,
    issuers,
    now,
    managed: ring.kind === 'managed',
  });
  const { base, problems } = read;
  const unloaded = read.complete && !surely(read);
  const admission = admissionIn(read, Math.floor(now / 1000));
  const common = {
    listed: listedKeys(read),
    complete: surely(read),
    ...(isAlike(read) && { alike: read.notLoaded > 0 ? ('stored' as const) : ('loaded' as const) }),
    unloaded,
    base,
    admission,
    problems,
  };
  const keys = trustedKeys(ring);
  if (ring.kind === 'external') {
    const unusable = unusableKeys(read, ring);
    const confirmed = keys.map(({ publicKey }) => publicKey).filter((key) => !unusable.has(key));
    return {
      ...common,
      confirmed: new Set(surely(read) ? confirmed : []),
      unusable,
      push: undefined,
      lost: [],
    };
  }
  const confirmed = keys.filter((key) => onEveryServer(read, (claims) => isRight(claims, key)));
  const others = keys.filter((key) => !confirmed.includes(key));
  const lost = base ? lostKeys(base, read, ring) : [];
  const limited = base && limits && mergeLimits(base, limits.wanted);
  const withLimits = limited?.claims ?? base;
  const limitsAsWanted = withLimits === base;
  const target = withLimits && callout ? mergeCallout(withLimits, callout) : withLimits;
  const limitsChanged = !limitsAsWanted && limits?.were === true;
  const { ring: fitting, leftOut } = target ? fitRing(target, ring) : { ring, leftOut: [] };
  return {
    ...common,
    confirmed: new Set(confirmed.map(({ publicKey }) => publicKey)),
    lacking: new Map(others.map((key) => [key.publicKey, serversWithout(key, view, read)])),
    unusable: new Map(),
    push:
      base &&
      target &&
      pushOf(base, {
        read,
        target: mergeAccount(target, fitting),
        isAsWanted: (claims) =>
          sameForUs(claims, fitting) &&
          (!limits || mergeLimits(claims, limits.wanted).claims === claims) &&
          (!callout || mergeCallout(claims, callout) === claims),
        now,
        drifted: lost.length > 0 || limitsChanged,
      }),
    lost,
    limitsAsWanted,
    limitsChanged,
    warnings: limited?.refused.map((why) => `accounts.${ring.account}.${why}`) ?? [],
    problems: leftOut.length === 0 ? problems : [...problems, noRoom(ring, leftOut)],
  };
}

function noRoom({ publicKey }: Ring, leftOut: readonly RingKey[]): string {
  const slots = [...new Set(leftOut.map(({ slot }) => slot))].join(', ');
  return `the JWT of account ${publicKey} has no room for the signing keys of ${slots}: NATS accepts at most 1 MiB`;
}

function listedKeys({ applied, stored }: ViewRead): Set<string> {
  const all = [...applied, ...stored].flatMap((claims) => claims?.nats.signing_keys ?? []);
  return new Set(all.map(keyOf));
}

/** Whether what we read is what decides: nobody is silent, and where nothing is loaded, something is stored. */
function surely({ complete, notLoaded, stored }: ViewRead): boolean {
  return complete && (notLoaded === 0 || stored.length > 0);
}

function isAlike(read: ViewRead): boolean {
  const { applied, stored, base } = read;
  const all = [...applied, ...stored];
  return surely(read) && base !== undefined && all.every((claims) => claims?.iat === base.iat);
}

/** Whether it holds of every JWT that a server has applied, or could load. */
function onEveryServer(read: ViewRead, holds: (claims: AccountClaims) => boolean): boolean {
  if (!surely(read)) return false;
  const counts = read.notLoaded > 0 ? [...read.applied, ...read.stored] : read.applied;
  return counts.every((claims) => claims !== undefined && holds(claims));
}

function isRight(claims: AccountClaims, key: RingKey): boolean {
  const listed = listedKey(claims, key.publicKey);
  return listed !== undefined && isListedExactly(listed, key);
}

/** Those that have not loaded the account are not among them: what they store comes without a name. */
function serversWithout(key: RingKey, { servers }: AccountView, { applied }: ViewRead): string[] {
  const lacks = applied.map((claims) => claims === undefined || !isRight(claims, key));
  const names = servers.filter(({ state }) => state === 'applied').map(({ name }) => name);
  const silent = servers.filter(({ state }) => state === 'silent').map(({ name }) => name);
  return [...names.filter((_, place) => lacks[place]), ...silent].toSorted();
}

function unusableKeys(read: ViewRead, ring: Ring): Map<string, string> {
  const counts = read.notLoaded > 0 ? [...read.applied, ...read.stored] : read.applied;
  const unusable = new Map<string, string>();
  for (const key of trustedKeys(ring)) {
    const why = counts
      .map((claims) =>
        claims ? whyUnusable(claims, key) : 'in an account JWT that is not trusted',
      )
      .find((reason) => reason !== undefined);
    if (why !== undefined) unusable.set(key.publicKey, why);
  }
  return unusable;
}

/**
 * Keys that are missing in `base` and must have been listed: an older JWT on some server still lists
 * them, or they sign or have signed, which they only do once they are on every server.
 */
function lostKeys(base: AccountClaims, { trusted }: ViewRead, ring: Ring): string[] {
  return trustedKeys(ring)
    .filter((key) => {
      if (isRight(base, key)) return false;
      return key.state !== 'staged' || trusted.some((claims) => isRight(claims, key));
    })
    .map(({ publicKey }) => publicKey);
}

function pushOf(
  base: AccountClaims,
  {
    read,
    target,
    isAsWanted,
    now,
    drifted,
  }: {
    readonly read: ViewRead;
    /** What the account JWT is to say; `base` itself when it says so. */
    readonly target: AccountClaims;
    readonly isAsWanted: (claims: AccountClaims) => boolean;
    readonly now: number;
    readonly drifted: boolean;
  },
): Assessment['push'] {
  const nowSeconds = Math.floor(now / 1000);
  // No server would put it into force; and what was deleted is not ours to bring back.
  if (!isLoadable(base, nowSeconds) || isDeleted(read, nowSeconds)) return undefined;
  const everywhere = [...read.applied, ...read.stored].every(
    (claims) => claims !== undefined && claims.iat <= read.latestIat && isAsWanted(claims),
  );
  if (target === base && everywhere) return undefined;
  const later = Math.max(nowSeconds, read.highestIat + 1);
  const claims = { ...target, iat: Math.min(later, read.latestIat) };
  if (drifted) return { claims, why: 'drift' };
  return { claims, why: target === base ? 'server-behind' : 'new' };
}
