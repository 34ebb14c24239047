import { type AccountClaims, keyOf } from '../account/account-jwt.ts';
import type { Assessment } from '../account/assess.ts';
import type { Clock } from '../clock.ts';
import type { Ring, RingKey } from '../keyring/ring.ts';
import type { PushInFlight } from '../keyring/step-input.ts';
import type { Lease } from './lease.ts';

/**
 * The account JWTs that may still reach a server although they were pushed a while ago: the last one
 * to arrive takes away every key that it does not list, so such a key must not sign yet.
 *
 * Other processes pushed theirs before this one began to lead. Its own pushes are known: one has
 * landed when every server was seen to hold exactly that.
 */
export interface PushesInFlight {
  /** Call it before the account JWT is sent. */
  sent(account: string, claims: AccountClaims): void;
  /** Call it with every look at the servers. */
  saw(account: string, assessment: Pick<Assessment, 'alike' | 'base'>): void;
  /**
   * What may take away keys that are staged in this ring, as it was read before this call. It asks
   * the store, unless all of them have been staged for so long (`stagedMilliseconds`) that it makes
   * no difference.
   */
  of(ring: Ring, stagedMilliseconds: number): Promise<readonly PushInFlight[]>;
  /** How long, in milliseconds, until nothing is under way that this process or one before it pushed. */
  busyMilliseconds(): number;
}

export interface PushesInFlightParts {
  readonly lease: Pick<Lease, 'held' | 'othersArriveUntil'>;
  readonly leaseMilliseconds: number;
  readonly clock: Clock;
  readonly monotonic: () => number;
}

/**
 * A server that has not loaded the account may be about to load what it stored before the last push.
 * Loading takes milliseconds.
 */
const LOADING_MILLISECONDS = 2000;

/** Nothing is known: only how long a key has been staged counts. */
const ANYTHING: PushInFlight = { lists: new Set(), until: Number.POSITIVE_INFINITY };

interface Push {
  /** Absent: not a push, but what a server may be loading. */
  readonly iat?: number;
  readonly lists: ReadonlySet<string>;
  /** By the clock of `monotonic`. */
  readonly until: number;
}

export function createPushesInFlight(parts: PushesInFlightParts): PushesInFlight {
  const { lease, leaseMilliseconds, clock, monotonic } = parts;
  const loadingMilliseconds = Math.min(LOADING_MILLISECONDS, leaseMilliseconds);
  const pushes = new Map<string, readonly Push[]>();

  function underWay(account: string): readonly Push[] {
    return (pushes.get(account) ?? []).filter(({ until }) => until > monotonic());
  }

  return {
    sent(account, { iat, nats }) {
      const lists = new Set((nats.signing_keys ?? []).map(keyOf));
      const push = { iat, lists, until: monotonic() + 2 * leaseMilliseconds };
      pushes.set(account, [...underWay(account), push]);
    },
    saw(account, { alike, base }) {
      if (alike === undefined) return;
      const before = underWay(account);
      const after = before.filter(({ iat }) => iat === undefined || iat !== base?.iat);
      if (after.length === before.length) return;
      const loading = { lists: new Set<string>(), until: monotonic() + loadingMilliseconds };
      pushes.set(account, alike === 'stored' ? [...after, loading] : after);
    },
    async of({ account, began, keys }, stagedMilliseconds) {
      const now = clock.now();
      const isYoung = ({ state, settledAt }: RingKey) =>
        state === 'staged' && !(settledAt !== undefined && now - settledAt >= stagedMilliseconds);
      if (!keys.some(isYoung)) return [ANYTHING];
      // Any process that leads after this moment reads a ring that has these keys.
      if (!(await lease.held())) return [ANYTHING];
      const others = { lists: new Set<string>(), until: lease.othersArriveUntil() };
      // The very first keys don't wait for servers that may be loading: nobody has a credential yet.
      const own = underWay(account).filter(({ iat }) => began || iat !== undefined);
      const ahead = clock.now() - monotonic();
      return [others, ...own].map(({ lists, until }) => ({ lists, until: until + ahead }));
    },
    busyMilliseconds() {
      const mine = [...pushes.keys()].flatMap((account) => underWay(account));
      const ends = [lease.othersArriveUntil(), ...mine.map(({ until }) => until)];
      return Math.max(0, ...ends.map((until) => until - monotonic()));
    },
  };
}
