import { expect, test } from 'vitest';
import { keyOf } from '../../src/account/account-jwt.ts';
import { openSystemConnection } from '../../src/account/system/connection.ts';
import { systemResolver } from '../../src/account/system/resolver.ts';
import { systemClock } from '../../src/clock.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Ring } from '../../src/keyring/ring.ts';
import { RING_PREFIX } from '../../src/keyring/ring.ts';
import { createSealer } from '../../src/keyring/sealing.ts';
import type { Reporter } from '../../src/rotator/reporter.ts';
import { startRotator } from '../../src/rotator/rotator.ts';
import { systemServers } from '../../src/rotator/servers.ts';
import { ringedAccounts } from '../../src/service/signing/ringed-accounts.ts';
import { eventually } from '../support/eventually.ts';
import { described, startLoad } from '../support/rotation-load.ts';
import { prepareRotation, type RotationGround, startRotating } from '../support/rotation-world.ts';

/** What the liar did, as far as it counts here. */
interface Doings {
  pushed: number;
}

function counting(doings: Doings): Reporter {
  return {
    saw: () => {},
    changed: async () => {},
    pushed: () => void (doings.pushed += 1),
    confirmed: () => {},
    drifted: async () => {},
    failed: () => {},
    succeeded: () => {},
    leads: () => {},
    gaveUp: () => {},
  };
}

/** A second rotator, of the real parts, but for a lease that it always takes for its own. */
async function startLiar({ configFile, state, trust, cluster }: RotationGround) {
  const doings: Doings = { pushed: 0 };
  const config = loadConfig(configFile, { env: {} });
  const [account] = ringedAccounts(config, config.policy);
  const system = openSystemConnection({
    servers: cluster.servers,
    login: { creds: trust.sysCreds },
  });
  const { key, signingKey } = trust.operator;
  const servers = systemServers({
    resolver: systemResolver({ system }),
    issuers: async () => new Set([key.publicKey, signingKey.publicKey]),
    signer: signingKey,
    clock: systemClock,
  });
  const rotator = startRotator({
    state,
    // Nobody can tell what the other one pushes.
    lease: {
      take: async () => 2,
      held: async () => true,
      othersArriveUntil: () => Number.POSITIVE_INFINITY,
      release: async () => {},
    },
    leaseMilliseconds: config.rotator.leaseSeconds * 1000,
    clock: systemClock,
    monotonic: () => performance.now(),
    sealer: createSealer(config.sealingKeys),
    servers: () => servers,
    revoke: async (ring) => ring,
    reporter: counting(doings),
    accounts: () => (account ? [account] : []),
    ready: system.ready(),
  });
  const unwatch = await state.watch(RING_PREFIX, () => rotator.wake());
  return {
    doings,
    async [Symbol.asyncDispose]() {
      unwatch();
      await rotator.stop();
      await system.close();
    },
  };
}

/** Keys that credentials may be alive of. */
function needed(ring: Ring | undefined): string[] {
  return (ring?.keys ?? [])
    .filter(({ state }) => state === 'active' || state === 'draining')
    .map(({ publicKey }) => publicKey);
}

/** Looks again and again whether a server goes without a key that was needed before the look and is after it. */
function watchServers(ground: RotationGround) {
  const missing: string[] = [];
  let [looks, stopped] = [0, false];
  async function look(): Promise<void> {
    while (!stopped) {
      const before = needed(ground.ring());
      const applied = await ground.applied();
      const after = needed(ground.ring());
      const keys = before.filter((key) => after.includes(key));
      for (const [server, claims] of applied) {
        const listed = new Set((claims?.nats.signing_keys ?? []).map(keyOf));
        missing.push(...keys.filter((key) => !listed.has(key)).map((key) => `${key} on ${server}`));
      }
      looks += 1;
    }
  }
  const done = look();
  return {
    looks: () => looks,
    async stop() {
      stopped = true;
      await done;
      return missing;
    },
  };
}

test('two rotators that both believe they lead never remove a key that a living credential needs', async () => {
  await using ground = await prepareRotation();
  {
    await using _first = await startRotating(ground);
    await ground.activated(1);
  }
  await using running = await startRotating(ground);
  for (const node of ground.cluster.nodes) {
    await (await ground.connect(ground.trust.user().creds, { node })).close();
  }
  const load = startLoad({ ...ground, ...running }, { holdSeconds: 6 });
  const servers = watchServers(ground);
  const pushedBySincere = () => running.log.text().split('account JWT pushed').length - 1;
  const pushedBefore = pushedBySincere();
  {
    await using liar = await startLiar(ground);
    await ground.activated(ground.activations().length + 4);
    // Both do something: else there is no quarrel.
    await eventually(() => liar.doings.pushed > 1 && pushedBySincere() > pushedBefore + 1);
    await eventually(() => servers.looks() > 50);
  }
  const missing = await servers.stop();
  const report = await load.stop();

  const counts = described(report);
  expect({ counts, missing, faults: report.faults }).toEqual({ counts, missing: [], faults: [] });
});
