import {
  emptyRing,
  type KeyScope,
  type KeyState,
  type Ring,
  type RingKey,
} from '../../src/keyring/ring.ts';
import type { PushInFlight, Spare, StepInput, Wanted } from '../../src/keyring/step-input.ts';
import { step } from '../../src/keyring/step.ts';

/** Milliseconds since the Unix epoch: some day. */
export const START = Date.UTC(2026, 0, 1);
export const SECOND = 1000;
export const DAY = 86_400 * SECOND;
/** Two lease terms. */
export const STAGED = 20 * SECOND;
export const GRACE = 300 * SECOND;
/** What a clock may be off. */
export const SKEW = 5 * SECOND;

/** An account JWT without any key of ours that arrives nobody knows when. */
export const ANY_AGE: PushInFlight = { lists: new Set(), until: Number.POSITIVE_INFINITY };

/** A managed account that wants one key for all roles, and rotates it each day. */
export const WANTED: Wanted = {
  slots: [{ slot: '*', onChange: 'drain' }],
  everyMilliseconds: DAY,
  graceMilliseconds: GRACE,
  stagedMilliseconds: STAGED,
};

export function scope(role: string, allow: string, tags: KeyScope['tags'] = {}): KeyScope {
  const template = { pub: { allow: [allow] }, subs: -1, data: -1, payload: -1 };
  return { role, template, tags };
}

/** What a configuration wants of an account with one scoped role. */
export function scoped(allow: string, onChange: 'drain' | 'cut' = 'drain'): Wanted {
  return { ...WANTED, slots: [{ slot: 'reader', scope: scope('reader', allow), onChange }] };
}

/**
 * One ring, the clock and the servers, in the hands of a test. `go` makes steps until nothing
 * changes any more, with spares as they are asked for.
 */
export function ringWorld({
  wanted = WANTED,
  kind = 'managed',
  term = 1,
}: {
  wanted?: Wanted;
  kind?: Ring['kind'];
  term?: number;
} = {}) {
  let made = 0;
  const world = {
    ring: emptyRing({ account: 'APP', publicKey: 'ACCOUNT', kind }),
    now: START,
    term,
    wanted,
    complete: true,
    /** Undefined: it is not known which servers lack a key. */
    lacking: undefined as ReadonlyMap<string, readonly string[]> | undefined,
    /** In the first term there is none. */
    inFlight: (term === 1 ? [] : [ANY_AGE]) as readonly PushInFlight[],
    /** Undefined: the servers take every key that the ring trusts at once. */
    confirmed: undefined as ReadonlySet<string> | undefined,
    spare: (): Spare => {
      made += 1;
      return { publicKey: `KEY${made}`, sealedSeed: `SEALED${made}` };
    },
    input(spares: readonly Spare[] = []): StepInput {
      const { ring, now, term, wanted, complete, inFlight, lacking } = world;
      const trusted = ring.keys.filter(({ state }) => state !== 'retired');
      const confirmed = world.confirmed ?? new Set(trusted.map(({ publicKey }) => publicKey));
      const listed = new Set(trusted.map(({ publicKey }) => publicKey));
      return {
        now,
        term,
        ring,
        wanted,
        seen: { complete, confirmed, listed, ...(lacking && { lacking }) },
        inFlight,
        spares,
      };
    },
    step() {
      const first = step(world.input());
      const spares = Array.from({ length: first.sparesMissing }, world.spare);
      return spares.length > 0 ? step(world.input(spares)) : first;
    },
    /** Steps until the ring rests; answers what changed, `KEY1: staged → active (first)`. */
    go(seconds = 0): string[] {
      world.now += seconds * SECOND;
      const told: string[] = [];
      for (let steps = 0; steps < 10; steps += 1) {
        const { ring, changes } = world.step();
        if (ring === world.ring) return told;
        world.ring = ring;
        told.push(
          ...changes.map(
            ({ publicKey, from, to, reason }) =>
              `${publicKey}: ${from ? `${from} → ` : ''}${to} (${reason})`,
          ),
        );
      }
      throw new Error('the ring does not come to rest');
    },
    key(publicKey: string): RingKey {
      const found = world.ring.keys.find((key) => key.publicKey === publicKey);
      if (!found) throw new Error(`no key ${publicKey}`);
      return found;
    },
    keysIn: (state: KeyState) =>
      world.ring.keys.filter((key) => key.state === state).map(({ publicKey }) => publicKey),
    /** As if the key had signed credentials that live so long. */
    signed(publicKey: string, lifetimeSeconds: number): void {
      world.key(publicKey);
      world.ring = {
        ...world.ring,
        keys: world.ring.keys.map((key) =>
          key.publicKey === publicKey ? { ...key, lifetimeSeconds } : key,
        ),
      };
    },
  };
  return world;
}
