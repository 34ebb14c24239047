import type { KeyPair } from '../nats/key-pair.ts';
import { keyPairFromSeed } from '../nats/key-pair.ts';
import { type SharedState, type StateChange, StoreUnavailable } from '../store/shared-state.ts';
import { raiseLifetime } from './changes.ts';
import { parseRing, type Ring, RING_PREFIX, type RingKey, ringKey, ringText } from './ring.ts';
import type { Sealer } from './sealing.ts';

/** All rings as the store has them, with the keys that sign or soon will, unsealed. */
export interface RingView {
  ring(account: string): Ring | undefined;
  /** Of all accounts that the store has, configured or not. */
  all(): Ring[];
  /** Of an active or staged key whose seed the ring holds; undefined until it is unsealed. */
  pair(publicKey: string): KeyPair | undefined;
  /** Milliseconds since the Unix epoch: the view holds everything that was written before. */
  freshAt(): number;
  /** Why a ring can't be used, e.g. a wrong sealing key; by account. */
  readonly problems: ReadonlyMap<string, string>;
  /**
   * Stores that this active or staged key signs credentials of this lifetime. False if it is
   * neither any more, or the store can't be reached: then it must not.
   */
  raise(account: string, publicKey: string, lifetimeSeconds: number): Promise<boolean>;
  close(): void;
}

/**
 * An exchange signs some milliseconds after it was given its key; what it has recorded meanwhile it
 * must be able to sign. Longer than any exchange takes.
 */
const LINGER_MILLISECONDS = 30_000;

/**
 * Follows the rings in the store. Nothing here blocks: what changes is there as soon as the store
 * tells it. Resolves once the rings that are there are unsealed, or `problems` says why not.
 */
export async function openRingView({
  state,
  sealer,
  lingerMilliseconds = LINGER_MILLISECONDS,
}: {
  readonly state: SharedState;
  readonly sealer: Sealer;
  /** How long the secret of a key that signs no more is kept for those who were given it before. */
  readonly lingerMilliseconds?: number;
}): Promise<RingView> {
  const rings = new Map<string, { ring: Ring; revision: number }>();
  const tellings = new Map<string, number>();
  const pairs = new Map<string, KeyPair>();
  const leaving = new Set<KeyPair>();
  const problems = new Map<string, string>();
  const opening = new Set<Promise<void>>();
  const raising = new Map<string, Promise<boolean>>();

  function told({ key, value, revision }: StateChange): void {
    const account = key.slice(RING_PREFIX.length);
    const before = tellings.get(account) ?? 0;
    tellings.set(account, revision);
    if (value === undefined) rings.delete(account);
    // Tellings come in the order of writing. One from before the ring that was taken ahead of them is
    // on its way to that; one that is older than the last telling is of a store that was restored.
    else if (revision < before || !hasNewer(account, revision)) take(account, value, revision);
    forgetPairs();
  }

  function hasNewer(account: string, revision: number): boolean {
    return (rings.get(account)?.revision ?? 0) > revision;
  }

  function take(account: string, text: string, revision: number): void {
    try {
      const ring = parseRing(text);
      rings.set(account, { ring, revision });
      problems.delete(account);
      const work = openAll(ring).catch((error: unknown) => fail(account, error));
      opening.add(work);
      void work.finally(() => opening.delete(work));
    } catch (error) {
      rings.delete(account);
      fail(account, error);
    }
  }

  function fail(account: string, cause: unknown): void {
    problems.set(account, cause instanceof Error ? cause.message : String(cause));
  }

  async function openAll(ring: Ring): Promise<void> {
    for (const key of ring.keys) await openKey(key);
  }

  async function openKey({ publicKey, sealedSeed, state }: RingKey): Promise<void> {
    if (sealedSeed === undefined || !signsNowOrSoon(state) || pairs.has(publicKey)) return;
    const pair = keyPairFromSeed(await sealer.unseal(publicKey, sealedSeed));
    // A later telling of the ring may have been faster.
    if (pairs.has(publicKey)) return pair.wipe();
    pairs.set(publicKey, pair);
    // The ring may have gone on meanwhile.
    forgetPairs();
  }

  /** Keys that sign no more are given to nobody from now on; their secrets are overwritten soon. */
  function forgetPairs(): void {
    const needed = new Set(
      [...rings.values()].flatMap(({ ring }) =>
        ring.keys.filter(({ state }) => signsNowOrSoon(state)).map(({ publicKey }) => publicKey),
      ),
    );
    for (const [publicKey, pair] of pairs) {
      if (needed.has(publicKey)) continue;
      pairs.delete(publicKey);
      leaving.add(pair);
      setTimeout(() => wipe(pair), lingerMilliseconds).unref();
    }
  }

  function wipe(pair: KeyPair): void {
    leaving.delete(pair);
    pair.wipe();
  }

  /** Takes what was just read or written, before the watch reports it, unless the watch reported something newer. */
  function takeAhead(account: string, text: string, revision: number): void {
    if ((rings.get(account)?.revision ?? 0) < revision) take(account, text, revision);
  }

  async function store(account: string, publicKey: string, seconds: number): Promise<boolean> {
    try {
      for (;;) {
        const name = ringKey(account);
        const entry = (await state.list(name)).find(({ key }) => key === name);
        if (!entry) return false;
        // Whoever is refused because the key was replaced finds the new one at once.
        takeAhead(account, entry.value, entry.revision);
        const ring = parseRing(entry.value);
        const raised = raiseLifetime(ring, publicKey, seconds);
        if (!raised) return false;
        if (raised === ring) return true;
        const text = ringText(raised);
        const revision = await state.write(name, text, entry.revision);
        if (revision === undefined) continue;
        takeAhead(account, text, revision);
        return true;
      }
    } catch (error) {
      if (error instanceof StoreUnavailable) return false;
      throw error;
    }
  }

  const stop = await state.watch(RING_PREFIX, told);
  await Promise.all(opening);

  return {
    ring: (account) => rings.get(account)?.ring,
    all: () => [...rings.values()].map(({ ring }) => ring),
    pair: (publicKey) => pairs.get(publicKey),
    freshAt: () => state.freshAt(),
    problems,
    raise(account, publicKey, lifetimeSeconds) {
      const name = `${publicKey} ${lifetimeSeconds}`;
      const known = raising.get(name);
      if (known) return known;
      const work = store(account, publicKey, lifetimeSeconds).finally(() => raising.delete(name));
      raising.set(name, work);
      return work;
    },
    close() {
      stop();
      rings.clear();
      forgetPairs();
      for (const pair of leaving) wipe(pair);
    },
  };
}

function signsNowOrSoon(state: RingKey['state']): boolean {
  return state === 'active' || state === 'staged';
}
