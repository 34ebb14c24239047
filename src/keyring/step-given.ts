import { isDeepStrictEqual } from 'node:util';
import { type Draft, leave, liveKeys, replace, stage } from './step-draft.ts';
import type { KeyScope, RingKey } from './ring.ts';
import type { Wanted } from './step-input.ts';

/** Takes the keys that the operator gives for an external account: nobody else makes or describes its keys. */
export function takeGiven(draft: Draft, given: NonNullable<Wanted['given']>): void {
  for (const key of liveKeys(draft)) {
    const now = given.find(({ publicKey }) => publicKey === key.publicKey);
    if (!now || now.slot !== key.slot) leave(draft, key, 'no-longer-given');
    else if (!isDeepStrictEqual(now.scope, key.scope)) replace(draft, withScope(key, now.scope));
  }
  for (const { publicKey, slot, scope } of given) {
    const before = draft.keys.find((key) => key.publicKey === publicKey);
    if (before && !cameBack(before)) continue;
    draft.keys = draft.keys.filter((key) => key !== before);
    const { lifetimeSeconds = 0 } = before ?? {};
    stage(draft, { publicKey, slot, lifetimeSeconds, ...(scope && { scope }) }, 'first');
  }
  const { complete, confirmed } = draft.seen;
  for (const key of liveKeys(draft)) {
    if (key.state !== 'active') continue;
    const listed = confirmed.has(key.publicKey);
    if (listed || complete) replace(draft, withListing(key, listed));
  }
}

/** It left only because it was missing, or listed for another role, and is back now. */
function cameBack({ state, reason }: RingKey): boolean {
  return reason === 'no-longer-given' && (state === 'draining' || state === 'retired');
}

function withScope({ scope: _before, ...key }: RingKey, scope: KeyScope | undefined): RingKey {
  return { ...key, ...(scope && { scope }) };
}

function withListing({ unlisted: _before, ...key }: RingKey, listed: boolean): RingKey {
  return { ...key, ...(!listed && { unlisted: true }) };
}
