import * as fc from 'fast-check';
import { raiseLifetime, requestRotation, revokeKey } from '../../src/keyring/changes.ts';
import { emptyRing, type KeyState, type Ring } from '../../src/keyring/ring.ts';
import type { Spare, StepInput, Wanted } from '../../src/keyring/step-input.ts';
import { step } from '../../src/keyring/step.ts';
import { DAY, GRACE, scope, SECOND, STAGED, START } from './rings.ts';

/**
 * Random histories of one ring: rotators that step, die or store late, signers whose view is of
 * another moment, people who ask and revoke, policies that change, clocks.
 */
export type Event =
  | {
      readonly type: 'step';
      /** Bit by bit, which keys are confirmed. */
      readonly confirmed: number;
      readonly complete: boolean;
      /** So long, in milliseconds, an account JWT without any key of ours may still arrive. */
      readonly air: number;
      /** Milliseconds between deciding and storing, in which signers go on. */
      readonly late: number;
      /** Nothing is stored. */
      readonly dies: boolean;
    }
  /** A signer whose view of the ring is `age` milliseconds old. */
  | { readonly type: 'sign'; readonly slot: string; readonly age: number; readonly seconds: number }
  | { readonly type: 'pass'; readonly milliseconds: number }
  /** Another rotator leads. */
  | { readonly type: 'lead' }
  | { readonly type: 'request'; readonly slot: string }
  | { readonly type: 'revoke'; readonly key: number }
  | { readonly type: 'policy'; readonly policy: number };

const SLOTS = ['*', 'reader'];
const LIFETIMES = [60, 900, 3600];

const rarely = <T>(usual: T, rare: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: rare });

const EVENTS = {
  step: fc.record({
    type: fc.constant('step' as const),
    confirmed: rarely(-1, fc.integer()),
    complete: fc.boolean(),
    air: fc.constantFrom(0, SECOND, 2 * STAGED),
    late: rarely(0, fc.nat({ max: 2 * 3600 * SECOND })),
    dies: rarely(false, fc.boolean()),
  }),
  sign: fc.record({
    type: fc.constant('sign' as const),
    slot: fc.constantFrom(...SLOTS),
    age: fc.oneof(fc.constantFrom(0, GRACE), fc.nat({ max: GRACE })),
    seconds: fc.constantFrom(...LIFETIMES),
  }),
  lead: fc.record({ type: fc.constant('lead' as const) }),
  request: fc.record({ type: fc.constant('request' as const), slot: fc.constantFrom(...SLOTS) }),
  revoke: fc.record({ type: fc.constant('revoke' as const), key: fc.nat() }),
  policy: fc.record({ type: fc.constant('policy' as const), policy: fc.nat() }),
};

const passing = (time: fc.Arbitrary<number>) =>
  fc.record({ type: fc.constant('pass' as const), milliseconds: time });

/** The clock of the machine: from moments to days. */
export const FORWARDS = passing(
  fc.oneof(
    ...[10, 600, 7200, 200_000].map((seconds) => fc.nat({ max: seconds * SECOND })),
    fc.constantFrom(...LIFETIMES.map((seconds) => (seconds - 30) * SECOND)),
  ),
);
/** A clock that anyone sets to anything. */
export const ANYWHERE = passing(fc.integer({ min: -500 * DAY, max: 500 * DAY }));

export function histories(time: fc.Arbitrary<Event>): fc.Arbitrary<Event[]> {
  const { step, sign, lead, request, revoke, policy } = EVENTS;
  return fc.array(
    fc.oneof(
      { weight: 8, arbitrary: step },
      { weight: 6, arbitrary: sign },
      { weight: 6, arbitrary: time },
      { weight: 1, arbitrary: lead },
      { weight: 2, arbitrary: request },
      { weight: 1, arbitrary: revoke },
      { weight: 2, arbitrary: policy },
    ),
    { minLength: 20, maxLength: 120 },
  );
}

/** What a configuration may say, one for each number. */
function wantedOf(policy: number, kind: Ring['kind']): Wanted {
  const reader = {
    slot: 'reader',
    ...(kind === 'managed' && { scope: scope('reader', policy % 3 === 0 ? 'a' : 'b') }),
    onChange: policy % 2 === 0 ? ('drain' as const) : ('cut' as const),
  };
  return {
    slots: [{ slot: '*', onChange: 'drain' }, ...(policy % 3 === 2 ? [] : [reader])],
    ...(policy % 5 !== 0 && { everyMilliseconds: policy % 5 === 1 ? 30 * SECOND : DAY }),
    graceMilliseconds: GRACE,
    stagedMilliseconds: STAGED,
    ...(kind === 'external' && {
      given: Array.from({ length: 2 + (policy % 6) }, (_, i) => ({
        publicKey: `GIVEN${i}`,
        slot: i % 3 === 2 ? 'reader' : '*',
      })),
    }),
  };
}

export interface HistoryOptions {
  readonly kind: Ring['kind'];
  /** Whether time only goes forwards: what waits is then held against it. */
  readonly timed: boolean;
  /** A wrong one, to prove that it is found out, by other things than what it does when it is repeated. */
  readonly mutant?: typeof step;
}

/** A ring and all that happened to it. Throws as soon as something is as it must never be. */
export function createHistory({ kind, timed, mutant }: HistoryOptions) {
  const stepOf = mutant ?? step;
  let ring = emptyRing({ account: 'APP', publicKey: 'ACCOUNT', kind });
  let now = START;
  let term = 1;
  let wanted = wantedOf(1, kind);
  let made = 0;
  const stored = [{ ring, from: START }];
  const expiries = new Map<string, number>();
  const retired = new Set<string>();
  const cut = new Set<string>();

  function decide(event: Event & { type: 'step' }): { input: StepInput; next: Ring } {
    const { complete, confirmed: bits, air } = event;
    const listed = ring.keys.filter(
      ({ state }, i) => state !== 'retired' && (bits >> (i % 31)) & 1,
    );
    const confirmed = new Set(listed.map(({ publicKey }) => publicKey));
    const seen = { complete, confirmed, listed: confirmed };
    const inFlight = air === 0 ? [] : [{ lists: new Set<string>(), until: now + air }];
    const input: StepInput = { now, term, ring, wanted, seen, inFlight, spares: [] };
    const spares: Spare[] = Array.from({ length: stepOf(input).sparesMissing }, () => {
      made += 1;
      return { publicKey: `KEY${made}`, sealedSeed: 'SEALED' };
    });
    const next = stepOf({ ...input, spares }).ring;
    checkPromotions(input, next);
    return { input, next };
  }

  /** Only what was staged, is confirmed, and that nothing in the air can take away begins to sign. */
  function checkPromotions({ seen, inFlight }: StepInput, next: Ring): void {
    for (const { publicKey, state } of next.keys) {
      const before = stateOf(ring, publicKey);
      if (state !== 'active' || before === 'active') continue;
      must(before === 'staged', `${publicKey} signs, and was ${before}`);
      must(seen.confirmed.has(publicKey), `${publicKey} signs unconfirmed`);
      if (!timed || inFlight.length === 0 || kind === 'external') continue;
      must(now - storedAs(publicKey, 'staged') >= STAGED, `${publicKey} signs too early`);
    }
  }

  /** The same look at the same moment changes nothing more; that something was stored is noted once. */
  function checkRepetition(input: StepInput): void {
    let noted = stepOf(input);
    // A key that came back may take its turn by the same look.
    const returned = kind === 'external' && noted.changes.length > 0;
    if (returned) noted = stepOf({ ...input, ring: noted.ring });
    must(noted.changes.length === 0, 'a step that is repeated goes on');
    const again = stepOf({ ...input, ring: noted.ring });
    must(again.ring === noted.ring, 'a step does not come to rest');
  }

  function write(next: Ring): void {
    if (next === ring) return;
    for (const key of next.keys) checkKey(key);
    const active = next.keys.filter(({ state }) => state === 'active');
    must(
      new Set(active.map(({ slot }) => slot)).size === active.length,
      'two keys sign for one slot',
    );
    for (const { publicKey, state } of ring.keys) {
      if (stateOf(next, publicKey) !== undefined) continue;
      const given = wanted.given?.some((key) => key.publicKey === publicKey);
      must(state === 'retired' && !given, `${publicKey} is forgotten while ${state}`);
      retired.delete(publicKey);
    }
    ring = next;
    stored.push({ ring, from: now });
  }

  function checkKey({ publicKey, state, sealedSeed, reason }: Ring['keys'][number]): void {
    if (state !== 'retired') {
      must(!retired.has(publicKey), `${publicKey} comes back to life`);
      must((sealedSeed !== undefined) === (kind === 'managed'), `${publicKey} has lost its seed`);
      return;
    }
    must(sealedSeed === undefined, `${publicKey} is retired and has its seed`);
    // A given key that was not given for a while may sign again.
    if (retired.has(publicKey) || reason === 'no-longer-given') return;
    retired.add(publicKey);
    if (!timed || cut.has(publicKey) || reason === 'policy-changed') return;
    must((expiries.get(publicKey) ?? 0) <= now, `${publicKey} is out while its credentials live`);
  }

  /** When the store first had the key in this state, milliseconds. */
  function storedAs(publicKey: string, state: KeyState): number {
    const first = stored.find(({ ring }) => stateOf(ring, publicKey) === state);
    return first?.from ?? Number.POSITIVE_INFINITY;
  }

  /** The view says who signs; a longer lifetime than it says goes through the store. */
  function sign(slot: string, age: number, seconds: number): void {
    const view = stored.findLast(({ from }) => from <= now - age)?.ring;
    const key = view?.keys.find((key) => key.slot === slot && key.state === 'active');
    if (!key || key.unlisted) return;
    if (key.lifetimeSeconds < seconds) {
      const raised = raiseLifetime(ring, key.publicKey, seconds);
      if (!raised) return;
      write(raised);
    }
    const expires = now + seconds * SECOND;
    expiries.set(key.publicKey, Math.max(expires, expiries.get(key.publicKey) ?? 0));
  }

  function rotate(event: Event & { type: 'step' }): void {
    const read = ring;
    const { input, next } = decide(event);
    if (event.late > 0) {
      now += event.late;
      for (const slot of SLOTS) sign(slot, 0, LIFETIMES[0]!);
    }
    if (!event.dies && ring === read) write(next);
    if (!mutant) checkRepetition({ ...input, ring: next });
  }

  function revoke(index: number): void {
    const key = ring.keys[index % Math.max(1, ring.keys.length)];
    const next = key && revokeKey(ring, key.publicKey, now);
    if (!next) return;
    cut.add(key.publicKey);
    write(next);
  }

  function happen(event: Event): void {
    switch (event.type) {
      case 'pass':
        now += event.milliseconds;
        return;
      case 'lead':
        term += 1;
        return;
      case 'policy':
        wanted = wantedOf(event.policy, kind);
        return;
      case 'request':
        return write(requestRotation(ring, [event.slot], now));
      case 'revoke':
        return revoke(event.key);
      case 'sign':
        return sign(event.slot, event.age, event.seconds);
      case 'step':
        return rotate(event);
    }
  }

  /** One key signs and one waits, as far as there are any; where none is wanted, neither. */
  function checkRest(slot: string): void {
    const inSlot = ring.keys.filter((key) => key.slot === slot);
    const count = (state: KeyState) => inSlot.filter((key) => key.state === state).length;
    const [active, staged] = [count('active'), count('staged')];
    const found = `slot ${slot} rests with ${active} active, ${staged} staged`;
    if (!wanted.slots.some((wanted) => wanted.slot === slot)) must(active + staged === 0, found);
    else if (kind === 'managed') must(active === 1 && staged === 1, found);
    else must(active === 1 || staged === 0, found);
  }

  return {
    happen,
    /** Good luck from now on: nobody dies, everything is confirmed, time passes. */
    settle(): void {
      for (let round = 0; round < 12; round += 1) {
        now += STAGED;
        happen({ type: 'step', confirmed: -1, complete: true, air: 0, late: 0, dies: false });
      }
      for (const slot of SLOTS) checkRest(slot);
    },
  };
}

function stateOf({ keys }: Ring, publicKey: string): KeyState | undefined {
  return keys.find((key) => key.publicKey === publicKey)?.state;
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}
