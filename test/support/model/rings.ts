import {
  ANY_ROLE,
  emptyRing,
  type KeyState,
  type Ring,
  type RingKey,
} from '../../../src/keyring/ring.ts';
import type { Wanted } from '../../../src/keyring/step-input.ts';

/**
 * Rings as the model writes them down: as a short text, with times as ticks before now. What can
 * make no difference any more (how old something is beyond what anyone waits for) is left out, so
 * that states which behave alike are one state.
 */

/** Milliseconds of one tick of the model: one lease term, the grace, and the life of a credential. */
export const TICK = 10_000;
export const LIFETIME_SECONDS = TICK / 1000;
/** Ticks that a staged key waits: two lease terms. */
const STAGED_TICKS = 2;
/** Ticks after which a draining key is surely out: grace, lifetime and what clocks may be off. */
const DRAINED_TICKS = 3;
export const GRACE_TICKS = 1;

/** It rotates when it is asked to. That may happen at any moment, as the end of a period may come. */
export const WANTED: Wanted = {
  slots: [{ slot: ANY_ROLE, onChange: 'drain' }],
  graceMilliseconds: GRACE_TICKS * TICK,
  stagedMilliseconds: STAGED_TICKS * TICK,
};

/** A key of the model. */
export interface ModelKey {
  readonly name: string;
  readonly state: KeyState;
  /** 1, or 2 for every later one: only the first term is special. */
  readonly term: number;
  /** Whether it may have signed. */
  readonly raised: boolean;
  /** Ticks since it was read back in this state; undefined: it was not. */
  readonly settled: number | undefined;
}

export function memo<T>(compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    let found = known.get(text);
    if (found === undefined) {
      found = compute(text);
      known.set(text, found);
    }
    return found;
  };
}

const STATES: Record<string, KeyState> = {
  s: 'staged',
  a: 'active',
  d: 'draining',
  r: 'retired',
};

/** Before the keys: a rotation was asked for. */
const ASKED = '!';

export function isAsked(ring: string): boolean {
  return ring.startsWith(ASKED);
}

/** `k0 a 1 + ,k1 s 2 - 1`: name, state, term, whether raised, ticks since settled. */
export function writeKeys(keys: readonly ModelKey[], asked: boolean): string {
  const texts = keys.map(({ name, state, term, raised, settled }) =>
    [name, state[0], Math.min(term, 2), raised ? '+' : '-', settledText(state, settled)].join(' '),
  );
  return `${asked ? ASKED : ''}${texts.join(',')}`;
}

function settledText(state: KeyState, settled: number | undefined): string {
  if (settled === undefined) return '';
  if (state === 'staged') return `${Math.min(settled, STAGED_TICKS)}`;
  return state === 'draining' ? `${Math.min(settled, DRAINED_TICKS)}` : '';
}

export const readKeys = memo((ring: string): readonly ModelKey[] => {
  const text = isAsked(ring) ? ring.slice(ASKED.length) : ring;
  if (text === '') return [];
  return text.split(',').map((key) => {
    const [name = '', state = '', term, raised, settled] = key.split(' ');
    return {
      name,
      state: STATES[state] ?? 'retired',
      term: Number(term),
      raised: raised === '+',
      settled: settled ? Number(settled) : settled === '0' ? 0 : undefined,
    };
  });
});

/** The ring that a text describes, at time 0. */
export function toRing(text: string, publicKey: string): Ring {
  const identity = { account: 'APP', publicKey, kind: 'managed' } as const;
  const rotationRequests = isAsked(text) ? { [ANY_ROLE]: 0 } : {};
  return { ...emptyRing(identity), keys: readKeys(text).map(toKey), rotationRequests };
}

function toKey({ name, state, term, raised, settled }: ModelKey): RingKey {
  return {
    publicKey: name,
    slot: ANY_ROLE,
    state,
    stagedAt: 0,
    stagedTerm: term,
    lifetimeSeconds: raised ? LIFETIME_SECONDS : 0,
    reason: 'first',
    ...(state !== 'retired' && { sealedSeed: 'SEALED' }),
    ...(state === 'active' && { activeAt: 0 }),
    ...(state === 'draining' && { drainingAt: 0 }),
    ...(settled !== undefined && { settledAt: -settled * TICK }),
  };
}

/** Throws where a ring is as it must never be: two keys that sign, seeds where none may be. */
export function fromRing({ keys, rotationRequests }: Ring): string {
  if (keys.filter(({ state }) => state === 'active').length > 1) throw new Error('two keys sign');
  for (const { state, sealedSeed } of keys) {
    if ((state === 'retired') !== (sealedSeed === undefined))
      throw new Error('a seed is misplaced');
  }
  return writeKeys(
    keys.map(({ publicKey, state, stagedTerm, lifetimeSeconds, settledAt }) => ({
      name: publicKey,
      state,
      term: stagedTerm,
      raised: lifetimeSeconds > 0,
      settled: settledAt === undefined ? undefined : Math.round(-settledAt / TICK),
    })),
    ANY_ROLE in rotationRequests,
  );
}

/** The same ring one tick later. */
export const aged = memo((text: string) =>
  writeKeys(
    readKeys(text).map((key) => ({
      ...key,
      settled: key.settled === undefined ? undefined : key.settled + 1,
    })),
    isAsked(text),
  ),
);
