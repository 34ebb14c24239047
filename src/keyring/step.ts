import { isDeepStrictEqual } from 'node:util';
import {
  type Draft,
  inSlot,
  leave,
  liveKeys,
  move,
  replace,
  stage,
  withoutNotes,
} from './step-draft.ts';
import { takeGiven } from './step-given.ts';
import { markGone, remembered, retiresAt } from './draining.ts';
import { ANY_ROLE, type KeyChange, type KeyReason, type Ring, type RingKey } from './ring.ts';
import type { StepInput, WantedSlot } from './step-input.ts';

export interface StepResult {
  /** The same object when nothing changed. */
  readonly ring: Ring;
  readonly changes: readonly KeyChange[];
  /** How many keys could not be staged without spares: step again with that many. */
  readonly sparesMissing: number;
}

/**
 * The next ring: a pure function, so that it can be repeated after any crash. What it decides is
 * stored before anything follows from it.
 *
 * One key is always staged ahead: an account JWT as old as one whole period lists the key that
 * signs now.
 */
export function step(input: StepInput): StepResult {
  const draft = draftOf(input);
  settle(draft);
  for (const key of draft.keys) if (key.state === 'staged') replace(draft, noted(draft, key));
  const { complete, listed } = draft.seen;
  if (complete && listed) draft.keys = markGone(draft.keys, draft.ring.keys, listed);
  if (input.wanted.given) takeGiven(draft, input.wanted.given);
  for (const slot of input.wanted.slots) turnSlot(draft, slot);
  leaveUnwantedSlots(draft);
  endDraining(draft);
  return resultOf(draft);
}

function draftOf(input: StepInput): Draft {
  return {
    ...input,
    keys: [...input.ring.keys],
    requests: { ...input.ring.rotationRequests },
    changes: [],
    unused: [...input.spares],
    sparesMissing: 0,
  };
}

function resultOf(draft: Draft): StepResult {
  const { ring, changes, sparesMissing } = draft;
  // A given key is remembered for as long as it is given: forgotten, it would begin anew.
  const given = new Set(draft.wanted.given?.map(({ publicKey }) => publicKey));
  const published = draft.wanted.given === undefined;
  const keys = remembered(draft.keys, { now: draft.now, kept: given, published });
  const began = ring.began ?? keys.some(({ state }) => state === 'active');
  const next: Ring = {
    ...ring,
    ...(began && { began }),
    keys,
    rotationRequests: draft.requests,
    unreported: [...ring.unreported, ...changes],
  };
  const same =
    changes.length === 0 &&
    sameKeys(keys, ring.keys) &&
    isDeepStrictEqual(draft.requests, ring.rotationRequests);
  return { ring: same ? ring : next, changes, sparesMissing };
}

function sameKeys(one: readonly RingKey[], other: readonly RingKey[]): boolean {
  return (
    one.length === other.length &&
    one.every((key, place) => key === other[place] || isDeepStrictEqual(key, other[place]))
  );
}

/**
 * A step may be stored long after it was made, by a process that was paused. What waits for a state
 * to be old enough waits from the first time it was read back; a staged key from now, where a clock
 * that was ahead would keep it waiting for longer than it has to.
 */
function settle(draft: Draft): void {
  const { now } = draft;
  for (const key of draft.keys) {
    const { state, settledAt } = key;
    const due =
      (state === 'staged' && (settledAt ?? Number.POSITIVE_INFINITY) > now) ||
      (state === 'draining' && settledAt === undefined);
    if (due) replace(draft, { ...key, settledAt: now });
  }
}

/** How many servers are named. */
const MAX_NAMES = 5;
/** Less than this is not worth a write. */
const WORTH_NOTING_MILLISECONDS = 2000;

/** A staged key, with what it waits for. A look that saw nothing for certain takes nothing back. */
function noted(draft: Draft, key: RingKey): RingKey {
  const { confirmed, complete, lacking } = draft.seen;
  const seen = confirmed.has(key.publicKey);
  const onEveryServer = seen || (!complete && key.onEveryServer);
  const names = lacking?.get(key.publicKey)?.slice(0, MAX_NAMES) ?? [];
  const waitsFor = seen ? [] : lacking ? names : (key.waitsFor ?? []);
  const maySignAt = draft.wanted.given ? undefined : notedTime(draft, key);
  return {
    ...withoutNotes(key),
    ...(onEveryServer && { onEveryServer }),
    ...(waitsFor.length > 0 && { waitsFor }),
    ...(maySignAt !== undefined && { maySignAt }),
  };
}

function notedTime(draft: Draft, key: RingKey): number | undefined {
  const { now } = draft;
  const { maySignAt = now } = key;
  const at = safeAt(draft, key);
  const isNear = Math.abs(Math.max(at, now) - Math.max(maySignAt, now)) < WORTH_NOTING_MILLISECONDS;
  return isNear ? key.maySignAt : at > now ? at : undefined;
}

/** Slots of roles that were removed, or that another slot signs for now. */
function leaveUnwantedSlots(draft: Draft): void {
  const { slots } = draft.wanted;
  const wanted = new Set(slots.map(({ slot }) => slot));
  const waiting = slots.some(({ slot }) => inSlot(draft, slot, 'active').length === 0);
  const cut = slots.some(({ onChange }) => onChange === 'cut');
  for (const key of liveKeys(draft)) {
    // A key that is tied to no role signs for all of them until each has its own.
    const needed = key.slot === ANY_ROLE && key.state === 'active' && waiting;
    if (wanted.has(key.slot) || needed) continue;
    if (cut) move(draft, key, 'retired', 'role-removed');
    else leave(draft, key, 'role-removed');
  }
  for (const slot of Object.keys(draft.requests)) {
    if (!wanted.has(slot)) delete draft.requests[slot];
  }
}

function turnSlot(draft: Draft, wanted: WantedSlot): void {
  dropUselessStaged(draft, wanted);
  const reason = dueFor(draft, wanted);
  if (reason !== undefined) promote(draft, wanted, reason);
  if (!draft.wanted.given && inSlot(draft, wanted.slot, 'staged').length === 0) {
    const active = inSlot(draft, wanted.slot, 'active')[0];
    stageSpare(draft, wanted, active ? 'schedule' : 'first');
  }
}

/** Retires staged keys whose template is outdated; of several others, the oldest stays. */
function dropUselessStaged(draft: Draft, { slot, scope }: WantedSlot): void {
  if (draft.wanted.given) return;
  const staged = inSlot(draft, slot, 'staged');
  const fitting = staged.filter((key) => isDeepStrictEqual(key.scope, scope));
  for (const key of staged) {
    if (!fitting.includes(key)) move(draft, key, 'retired', 'policy-changed');
    else if (key !== fitting[0]) move(draft, key, 'retired', 'superseded');
  }
}

/** Why the slot's key should change now, or undefined. */
function dueFor(draft: Draft, { slot, scope }: WantedSlot): KeyReason | undefined {
  const { now, wanted, requests } = draft;
  const active = inSlot(draft, slot, 'active')[0];
  if (!active) return 'first';
  const since = active.activeAt ?? active.stagedAt;
  if (active.unlisted) return 'not-listed';
  if (!wanted.given && !isDeepStrictEqual(active.scope, scope)) return 'policy-changed';
  // A promotion answers all requests from before it, so this one is later, whatever the clocks say.
  if (Object.hasOwn(requests, slot)) return 'requested';
  if (wanted.everyMilliseconds !== undefined && now - since >= wanted.everyMilliseconds) {
    return 'schedule';
  }
  return undefined;
}

/** Activates the staged key if it may surely sign. */
function promote(draft: Draft, wanted: WantedSlot, reason: KeyReason): void {
  const { slot } = wanted;
  const next = inSlot(draft, slot, 'staged').find((key) => maySign(draft, key));
  if (!next) return;
  if (wanted.onChange === 'cut' && !draft.wanted.given) cutOthers(draft, wanted);
  for (const old of inSlot(draft, slot, 'active')) move(draft, old, 'draining', reason);
  move(draft, next, 'active', reason);
  delete draft.requests[slot];
}

/** Nobody keeps permissions that the role lost; this includes users of keys that are already draining. */
function cutOthers(draft: Draft, { slot, scope }: WantedSlot): void {
  for (const old of [...inSlot(draft, slot, 'active'), ...inSlot(draft, slot, 'draining')]) {
    if (!isDeepStrictEqual(old.scope, scope)) move(draft, old, 'retired', 'policy-changed');
  }
}

function maySign(draft: Draft, key: RingKey): boolean {
  const { now, ring, wanted, seen } = draft;
  const { publicKey } = key;
  // What was seen is about the ring as it was looked at.
  const waited = ring.keys.some((key) => key.publicKey === publicKey && key.state === 'staged');
  if (!waited || !seen.confirmed.has(publicKey)) return false;
  return wanted.given !== undefined || safeAt(draft, key) <= now;
}

/** When no account JWT can take the key from a server any more, milliseconds. */
function safeAt({ inFlight, wanted }: Draft, { publicKey, settledAt }: RingKey): number {
  const arrived = inFlight
    .filter(({ lists }) => !lists.has(publicKey))
    .reduce((latest, { until }) => Math.max(latest, until), Number.NEGATIVE_INFINITY);
  const oldEnough =
    settledAt === undefined ? Number.POSITIVE_INFINITY : settledAt + wanted.stagedMilliseconds;
  return Math.min(arrived, oldEnough);
}

function stageSpare(draft: Draft, { slot, scope }: WantedSlot, reason: KeyReason): void {
  const spare = draft.unused.shift();
  if (spare) stage(draft, { ...spare, slot, ...(scope && { scope }) }, reason);
  else draft.sparesMissing += 1;
}

function endDraining(draft: Draft): void {
  for (const key of draft.keys) {
    if (key.settledAt === undefined && key.lifetimeSeconds > 0) continue;
    const end = retiresAt(key, draft.wanted.graceMilliseconds);
    if (end !== undefined && draft.now >= end) move(draft, key, 'retired', 'expired');
  }
}
