import type { AccountAdmission } from '../nats/admission.ts';
import type { Clock } from '../clock.ts';
import type { KeyPair } from '../nats/key-pair.ts';
import type { RingView } from './ring-view.ts';
import { roundedLifetime } from './changes.ts';
import type { KeyRing, SigningKey } from './key-ring.ts';
import type { Obstacles } from './rotation-obstacles.ts';
import { activeKey, isOutdated, pendingKey } from './pending.ts';
import { ANY_ROLE, type KeyScope, type Ring, type RingKey } from './ring.ts';

/** An account whose keys are in a ring. */
export interface RingAccount {
  readonly name: string;
  /** `A…` */
  readonly publicKey: string;
  readonly kind: Ring['kind'];
  /** How long its keys surely stay good after the store was last heard of. */
  readonly graceMilliseconds: number;
  /** What the policy in force would put on a key of this role; undefined: the role is not scoped. */
  readonly scopeOf: (role: string) => KeyScope | undefined;
  /** Seconds that a credential of this role may live at most. */
  readonly longestLifetimeOf: (role: string) => number;
  /** External accounts: the pairs of the given keys, by public key. */
  readonly given?: ReadonlyMap<string, KeyPair>;
}

/** How long the store may be unreachable before its progress on pending keys no longer counts. */
const STORE_MILLISECONDS = 10_000;

/** The issuing side of rings that rotate. */
export function ringKeys({
  view,
  obstacles,
  accounts,
  clock,
}: {
  readonly view: RingView;
  /** Why the rotator's last pass over an account failed; absent: unknown. */
  readonly obstacles?: Pick<Obstacles, 'of'>;
  readonly accounts: readonly RingAccount[];
  readonly clock: Clock;
}): KeyRing {
  const byName = new Map(accounts.map((account) => [account.name, account]));
  const signers = new WeakMap<KeyPair, SigningKey>();

  /** The account's ring, as long as it can be believed. */
  function ringOf(account: RingAccount): Ring | undefined {
    if (clock.now() - view.freshAt() > account.graceMilliseconds) return undefined;
    const ring = view.ring(account.name);
    // Another account's, or from when its keys were others', under the same name.
    if (ring?.publicKey !== account.publicKey || ring.kind !== account.kind) return undefined;
    return ring;
  }

  function find(account: RingAccount, role: string): { key: RingKey; pair: KeyPair } | undefined {
    const ring = ringOf(account);
    const key = ring && activeKey(ring, role, account.scopeOf);
    const pair = key && (account.given?.get(key.publicKey) ?? view.pair(key.publicKey));
    return pair && { key, pair };
  }

  function signer(key: RingKey, pair: KeyPair, account: RingAccount): SigningKey {
    const { publicKey, slot } = key;
    const known = signers.get(pair) ?? {
      publicKey,
      account: account.publicKey,
      scopedTo: slot === ANY_ROLE ? undefined : slot,
      outdated: isOutdated(key, account.scopeOf),
      sign: pair.sign,
    };
    signers.set(pair, known);
    return known;
  }

  async function raised(account: RingAccount, role: string, seconds: number) {
    const rounded = roundedLifetime(seconds, account.longestLifetimeOf(role));
    // A key that was replaced meanwhile can't be raised; the one that replaced it can.
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const found = find(account, role);
      if (!found) return undefined;
      const { key, pair } = found;
      if (await view.raise(account.name, key.publicKey, rounded)) return signer(key, pair, account);
    }
    return undefined;
  }

  /**
   * The next key will sign what this one does: the store gets the lifetime beforehand, so that no exchange waits
   * for the store, or fails with it, just because a key has changed.
   */
  function prepareNext(account: RingAccount, role: string, slot: string, seconds: number): void {
    const next = view
      .ring(account.name)
      ?.keys.find((key) => key.state === 'staged' && key.slot === slot);
    if (!next || next.lifetimeSeconds >= seconds) return;
    const rounded = roundedLifetime(seconds, account.longestLifetimeOf(role));
    // What fails is tried again with the next credential.
    view.raise(account.name, next.publicKey, rounded).catch(() => undefined);
  }

  function obstacleTo(account: string): string | undefined {
    const isOld = clock.now() - view.freshAt() > STORE_MILLISECONDS;
    return isOld ? 'the store cannot be read' : obstacles?.of(account);
  }

  return {
    active(accountName, role, lifetimeSeconds) {
      const account = byName.get(accountName);
      const found = account && find(account, role);
      if (!found) return undefined;
      const { key, pair } = found;
      if (key.lifetimeSeconds < lifetimeSeconds) return raised(account, role, lifetimeSeconds);
      prepareNext(account, role, key.slot, lifetimeSeconds);
      return signer(key, pair, account);
    },
    pending(accountName, role) {
      const account = byName.get(accountName);
      const ring = account && ringOf(account);
      if (!ring) return undefined;
      const { scopeOf } = account;
      const obstacle = obstacleTo(accountName);
      return pendingKey(ring, role, { scopeOf, now: clock.now(), obstacle });
    },
  };
}

const NOTHING_KNOWN: AccountAdmission = {};

/**
 * Whether users of an account get in, by its name, as the rotator has last written it into the ring:
 * a process without access to the system account learns it there. Accounts whose keys are in no ring
 * are not looked at by anybody.
 */
export function ringAdmission({
  view,
  accounts,
}: {
  readonly view: Pick<RingView, 'ring'>;
  readonly accounts: readonly Pick<RingAccount, 'name' | 'publicKey' | 'kind'>[];
}): (accountName: string) => AccountAdmission {
  const byName = new Map(accounts.map((account) => [account.name, account]));
  return (name) => {
    const account = byName.get(name);
    const ring = account && view.ring(name);
    if (ring?.publicKey !== account?.publicKey || ring?.kind !== account?.kind) {
      return NOTHING_KNOWN;
    }
    return ring?.admission ?? NOTHING_KNOWN;
  };
}
