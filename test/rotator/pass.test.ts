import { expect, test } from 'vitest';
import { emptyRing, type KeyChange, ringKey, ringText } from '../../src/keyring/ring.ts';
import { createPushesInFlight } from '../../src/rotator/pushes-in-flight.ts';
import { createPushPacer } from '../../src/rotator/push-pacer.ts';
import { NotRecorded, type PassParts, runPass } from '../../src/rotator/pass.ts';
import { memoryState } from '../revocation/memory-state.ts';
import {
  countingReporter,
  oneServer,
  partsOf,
  rotated,
  serversOf,
  storedRing,
} from './rotator-world.ts';

const held = { held: async () => true, othersArriveUntil: () => 0 };

/** The first that leads. */
function partsOfLeader(given: Parameters<typeof partsOf>[0]): PassParts {
  const parts = partsOf(given);
  return { ...parts, lease: held, inFlight: createPushesInFlight({ ...parts, lease: held }) };
}

test('a push that a server never applies is made again after 2, 4, 8 … seconds, then every minute', async () => {
  let now = 0;
  const at: number[] = [];
  const resolver = oneServer({ sick: true });
  const servers = serversOf({
    // Every look takes half a second.
    look: async (account) => {
      now += 500;
      return resolver.look(account);
    },
    push: async (jwt) => {
      at.push(now);
      return resolver.push(jwt);
    },
  });
  const { reporter } = countingReporter();
  const monotonic = () => now;
  const common = { state: memoryState(), servers: () => servers, reporter, monotonic };
  const parts = partsOfLeader(common);
  const pacer = createPushPacer(monotonic);
  while (now < 300_000) {
    await runPass(parts, { account: rotated(), term: 1, pacer, wakes: () => 0 });
  }
  // The second says the same, for another reason: the newest JWT has it all, and a server is behind.
  const waits = at.slice(2).map((time, index) => time - (at[index + 1] ?? 0));
  const expected = [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000];
  // It is looked at every half second, for two seconds after each push.
  const late = expected.map((wait, index) => (waits[index] ?? 0) - wait);
  expect(Math.min(...late)).toBeGreaterThanOrEqual(-500);
  expect(Math.max(...late)).toBeLessThan(3000);
});

test('keeps the latest five hundred changes in the ring if they cannot be recorded', async () => {
  const state = memoryState();
  const account = rotated();
  const { name, publicKey, kind } = account;
  const unreported = Array.from({ length: 700 }, (_, time): KeyChange => {
    return { time, account: name, slot: 'gone', publicKey: 'A', to: 'retired', reason: 'expired' };
  });
  const ring = { ...emptyRing({ account: name, publicKey, kind }), unreported };
  await state.write(ringKey(name), ringText(ring), 0);
  const { reporter } = countingReporter();
  const changed = () => Promise.reject(new Error('disk full'));
  const servers = serversOf(oneServer());
  const common = { state, servers: () => servers, reporter: { ...reporter, changed } };
  const parts = partsOfLeader(common);
  const pacer = createPushPacer(parts.monotonic);
  const pass = runPass(parts, { account, term: 1, pacer, wakes: () => 0 });
  await expect(pass).rejects.toThrow(NotRecorded);
  const left = (await storedRing(state))?.unreported ?? [];
  expect(left).toHaveLength(500);
  // The key that this pass staged is the latest.
  expect(left.at(-1)).toMatchObject({ slot: '*', to: 'staged' });
});

test('a key that becomes active is recorded only once the servers have been sent the key after it', async () => {
  const state = memoryState();
  const resolver = oneServer();
  const servers = serversOf(resolver);
  const { reporter } = countingReporter();
  const stagedWhenRecorded: { readonly key: string; readonly sent: boolean }[] = [];
  const changed = async ({ to }: KeyChange) => {
    if (to !== 'active') return;
    const keys = (await storedRing(state))?.keys ?? [];
    for (const { publicKey } of keys.filter((key) => key.state === 'staged')) {
      const claims = Buffer.from(resolver.pushes.at(-1)?.split('.')[1] ?? '', 'base64url');
      stagedWhenRecorded.push({ key: publicKey, sent: claims.includes(publicKey) });
    }
  };
  const common = { state, servers: () => servers, reporter: { ...reporter, changed } };
  const parts = partsOfLeader(common);
  const pacer = createPushPacer(parts.monotonic);
  const pass = () => runPass(parts, { account: rotated(), term: 1, pacer, wakes: () => 0 });
  while (await pass());
  expect(stagedWhenRecorded).toEqual([{ key: expect.any(String), sent: true }]);
});
