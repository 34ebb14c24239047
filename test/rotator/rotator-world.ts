import type { AccountResolver } from '../../src/account/resolver.ts';
import { systemClock } from '../../src/clock.ts';
import { createSealer } from '../../src/keyring/sealing.ts';
import { type KeyChange, parseRing, type Ring, ringKey, ringText } from '../../src/keyring/ring.ts';
import { createLease } from '../../src/rotator/lease.ts';
import type { Reporter } from '../../src/rotator/reporter.ts';
import type { RotatedAccount } from '../../src/rotator/rotated-account.ts';
import { type Rotator, type RotatorParts, startRotator } from '../../src/rotator/rotator.ts';
import { type Servers, systemServers } from '../../src/rotator/servers.ts';
import type { SharedState } from '../../src/store/shared-state.ts';
import { accountJwt, accountKey, operatorKey, viewOf } from '../account/rings.ts';
import { unixSeconds } from '../../src/clock.ts';

/** A managed account with one slot. */
export function rotated(name = 'APP'): RotatedAccount {
  return {
    name,
    publicKey: accountKey.publicKey,
    kind: 'managed',
    wanted: {
      slots: [{ slot: '*', onChange: 'drain' }],
      graceMilliseconds: 0,
      stagedMilliseconds: 0,
    },
  };
}

/** One NATS server in memory; `sick`: it stores what is pushed and never applies it. */
export function oneServer({ sick = false } = {}): AccountResolver & { readonly pushes: string[] } {
  const first = accountJwt({ iat: unixSeconds(systemClock) - 100 });
  const pushes: string[] = [];
  return {
    pushes,
    async look() {
      const newest = pushes.at(-1) ?? first;
      return viewOf([sick ? first : newest], [newest]);
    },
    async push(jwt) {
      pushes.push(jwt);
      return [{ server: 'node-0', code: 200, message: 'jwt updated' }];
    },
  };
}

export function serversOf(resolver: AccountResolver): Servers {
  const issuers = new Set<string>([operatorKey.publicKey]);
  return systemServers({
    resolver,
    issuers: async () => issuers,
    signer: operatorKey,
    clock: systemClock,
  });
}

/** Counts what it is told. */
export function countingReporter() {
  const told = {
    leads: [] as boolean[],
    gaveUp: 0,
    failures: [] as string[],
    succeeded: [] as string[],
    changes: [] as KeyChange[],
  };
  const reporter: Reporter = {
    saw: () => {},
    changed: async (change) => void told.changes.push(change),
    pushed: () => {},
    confirmed: () => {},
    drifted: async () => {},
    failed: (_account, error) => void told.failures.push(String(error)),
    succeeded: ({ name }) => void told.succeeded.push(name),
    leads: (leader) => void told.leads.push(leader),
    gaveUp: () => void (told.gaveUp += 1),
  };
  return { told, reporter };
}

export type Parts = Omit<RotatorParts, 'lease'>;

/** What a rotator is made of, apart from what the test is about. */
export function partsOf(
  given: Partial<Parts> & Pick<Parts, 'state' | 'servers' | 'reporter'>,
): Parts {
  return {
    leaseMilliseconds: 3_600_000,
    clock: systemClock,
    monotonic: () => performance.now(),
    sealer: createSealer([new Uint8Array(32).fill(7)]),
    revoke: async (ring) => ring,
    accounts: () => [rotated()],
    ...given,
  };
}

/** With a lease of its own in the store that the parts have. */
export function start(holder: string, parts: Parts): Rotator & AsyncDisposable {
  const { state, leaseMilliseconds, monotonic } = parts;
  const lease = createLease({
    state,
    name: 'managed',
    holder,
    termMilliseconds: leaseMilliseconds,
    monotonic,
  });
  const rotator = startRotator({ ...parts, lease });
  return { ...rotator, [Symbol.asyncDispose]: () => rotator.stop() };
}

export async function storedRing(state: SharedState, name = 'APP'): Promise<Ring | undefined> {
  const entry = (await state.list(ringKey(name))).find(({ key }) => key === ringKey(name));
  return entry && parseRing(entry.value);
}

export async function changeStored(
  state: SharedState,
  change: (ring: Ring) => Ring,
): Promise<void> {
  const [entry] = await state.list(ringKey('APP'));
  if (!entry) throw new Error('there is no ring');
  const text = ringText(change(parseRing(entry.value)));
  if ((await state.write(entry.key, text, entry.revision)) === undefined) {
    throw new Error('someone was faster');
  }
}
