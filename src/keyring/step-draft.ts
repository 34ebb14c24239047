import type { KeyChange, KeyReason, KeyState, Ring, RingKey } from './ring.ts';
import type { Spare, StepInput } from './step-input.ts';

/** A step in progress: its input, and its result so far. */
export interface Draft extends StepInput {
  keys: RingKey[];
  requests: Record<string, number>;
  readonly changes: KeyChange[];
  readonly unused: Spare[];
  sparesMissing: number;
}

export function liveKeys({ keys }: Draft): RingKey[] {
  return keys.filter(({ state }) => state === 'staged' || state === 'active');
}

export function inSlot({ keys }: Draft, slot: string, state: KeyState): RingKey[] {
  return keys.filter((key) => key.slot === slot && key.state === state);
}

export function stage(
  draft: Draft,
  key: Pick<RingKey, 'publicKey' | 'slot' | 'scope' | 'sealedSeed'> & Partial<RingKey>,
  reason: KeyReason,
): void {
  const { now, term, ring } = draft;
  draft.keys.push({
    lifetimeSeconds: 0,
    ...key,
    state: 'staged',
    stagedAt: now,
    stagedTerm: term,
    reason,
  });
  const { publicKey, slot } = key;
  draft.changes.push({ time: now, account: ring.account, slot, publicKey, to: 'staged', reason });
}

export function move(draft: Draft, key: RingKey, to: KeyState, reason: KeyReason): void {
  replace(draft, moved(key, to, draft.now, reason));
  draft.changes.push(changeOf(draft.ring, key, { time: draft.now, to, reason }));
}

/** A key in its next state; a retired one has no seed any more. */
export function moved(key: RingKey, to: KeyState, now: number, reason: KeyReason): RingKey {
  const { sealedSeed, settledAt: _settled, ...rest } = withoutNotes(key);
  return {
    ...rest,
    ...(to !== 'retired' && sealedSeed !== undefined && { sealedSeed }),
    state: to,
    reason,
    ...(to === 'active' && { activeAt: now }),
    ...(to === 'draining' && { drainingAt: now }),
    ...(to === 'retired' && { retiredAt: now }),
  };
}

/** Without the notes on a staged key, which are for people. */
export function withoutNotes({
  onEveryServer: _seen,
  waitsFor: _servers,
  maySignAt: _time,
  ...key
}: RingKey): RingKey {
  return key;
}

export function changeOf(
  { account }: Ring,
  { publicKey, slot, state }: RingKey,
  { time, to, reason }: { time: number; to: KeyState; reason: KeyReason },
): KeyChange {
  return { time, account, slot, publicKey, from: state, to, reason };
}

export function replace(draft: Draft, next: RingKey): void {
  draft.keys = draft.keys.map((key) => (key.publicKey === next.publicKey ? next : key));
}

/** A key that signed drains; one that only waited has nothing to drain. */
export function leave(draft: Draft, key: RingKey, reason: KeyReason): void {
  // A given key may be staged again after it has signed.
  const hasSigned = key.state === 'active' || key.lifetimeSeconds > 0;
  move(draft, key, hasSigned ? 'draining' : 'retired', reason);
}
