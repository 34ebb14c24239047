import { isDeepStrictEqual } from 'node:util';
import type { PendingKey } from './key-ring.ts';
import { ANY_ROLE, type KeyScope, type Ring, type RingKey } from './ring.ts';

/** What the policy in force would put on a key of a role; undefined: the role is not scoped. */
type ScopeOf = (role: string) => KeyScope | undefined;

/** The key that signs for a role: its own as long as that may, else one that is tied to none. */
export function activeKey(
  { keys }: Pick<Ring, 'keys'>,
  role: string,
  scopeOf: ScopeOf,
): RingKey | undefined {
  return (
    keys.find((key) => mayBeUsed(key, role) && fits(key.scope, scopeOf(role))) ??
    keys.find((key) => mayBeUsed(key, ANY_ROLE))
  );
}

function mayBeUsed({ state, slot, unlisted }: RingKey, wantedSlot: string): boolean {
  return state === 'active' && slot === wantedSlot && !unlisted;
}

/**
 * While a role changes, its old key signs until the new one may, if the policy still gives every
 * tag that the old template asks for.
 */
function fits(scope: KeyScope | undefined, now: KeyScope | undefined): boolean {
  if (!scope || !now) return scope === now;
  return Object.entries(scope.tags).every(([tag, reference]) => now.tags[tag] === reference);
}

/** Whether it is tied to a role, but not with the permissions that the role has now. */
export function isOutdated({ slot, scope }: RingKey, scopeOf: ScopeOf): boolean {
  return slot !== ANY_ROLE && !isDeepStrictEqual(scope, scopeOf(slot));
}

/**
 * What a role of a managed account waits for; undefined when its key signs, with the permissions that
 * the role has now. The keys of other accounts are made, tied and listed by their operator.
 */
export function pendingKey(
  ring: Ring,
  role: string,
  {
    scopeOf,
    now,
    obstacle,
  }: {
    readonly scopeOf: ScopeOf;
    readonly now: number;
    /** Why the rotator's last pass failed: then nobody knows how long it takes. */
    readonly obstacle?: string | undefined;
  },
): PendingKey | undefined {
  if (ring.kind !== 'managed') return undefined;
  const signs = activeKey(ring, role, scopeOf);
  if (signs && !isOutdated(signs, scopeOf)) return undefined;
  const scope = scopeOf(role);
  const next = ring.keys.find(
    (key) =>
      key.state === 'staged' &&
      key.slot === (scope ? role : ANY_ROLE) &&
      isDeepStrictEqual(key.scope, scope),
  );
  const until = signs ? 'outdated key' : 'nothing';
  const progress = progressOf(next, now);
  if (obstacle === undefined) return { until, ...progress };
  // A key that every server has signs only once the rotator has seen that again.
  return { until, ...progress, seconds: OBSTACLE_SECONDS, obstacle };
}

/** The next look at the servers tells more. */
const SOON_SECONDS = 2;
/** Servers that don't answer, or don't apply an account JWT, get it again after a while. */
const SERVERS_SECONDS = 5;

/** Nobody knows how long an outage lasts. */
const OBSTACLE_SECONDS = 30;

function progressOf(staged: RingKey | undefined, now: number): Omit<PendingKey, 'until'> {
  if (!staged) return { stage: 'being made', seconds: SOON_SECONDS, waitsFor: [] };
  const { onEveryServer, waitsFor = [], maySignAt = now, stagedAt } = staged;
  const left = Math.max(1, Math.ceil((maySignAt - now) / 1000));
  if (onEveryServer) return { stage: 'waiting', seconds: left, waitsFor };
  // What has lasted for a while lasts a while longer.
  const lasted = Math.min(Math.floor((now - stagedAt) / 1000), OBSTACLE_SECONDS);
  const seconds =
    waitsFor.length > 0 ? Math.max(left, SERVERS_SECONDS, lasted) : Math.max(left, SOON_SECONDS);
  return { stage: 'not on every server', seconds, waitsFor };
}
