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
  { scopeOf, now }: { readonly scopeOf: ScopeOf; readonly now: number },
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
  return { until: signs ? 'outdated key' : 'nothing', ...progressOf(next, now) };
}

/** The next look at the servers tells more. */
const SOON_SECONDS = 2;
/** Servers that don't answer, or don't apply an account JWT, get it again after a while. */
const SERVERS_SECONDS = 5;

function progressOf(staged: RingKey | undefined, now: number): Omit<PendingKey, 'until'> {
  if (!staged) return { stage: 'being made', seconds: SOON_SECONDS, waitsFor: [] };
  const { onEveryServer, waitsFor = [], maySignAt = now } = staged;
  const left = Math.max(1, Math.ceil((maySignAt - now) / 1000));
  if (onEveryServer) return { stage: 'waiting', seconds: left, waitsFor };
  const seconds = Math.max(left, waitsFor.length > 0 ? SERVERS_SECONDS : SOON_SECONDS);
  return { stage: 'not on every server', seconds, waitsFor };
}
