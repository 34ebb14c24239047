import { expect, test } from 'vitest';
import { freshTrust } from '../../src/account/fresh-trust.ts';
import { ResolverUnreachable } from '../../src/account/resolver.ts';
import { systemServers } from '../../src/rotator/servers.ts';
import { createKeyPair } from '../../src/nats/key-pair.ts';
import { accountJwt, NOW, operatorKey, ringKey, ringOf, viewOf } from './rings.ts';

function world() {
  const state = { at: 0, asked: 0, answer: async () => new Set(['O1']) };
  const trust = freshTrust({
    ask: () => {
      state.asked += 1;
      return state.answer();
    },
    monotonic: () => state.at,
  });
  return { state, trust };
}

test('whom the operator trusts is asked again after a minute, and not before', async () => {
  const { state, trust } = world();
  expect(await trust()).toEqual(new Set(['O1']));
  state.answer = async () => new Set(['O2']);
  state.at = 59_999;
  expect(await trust()).toEqual(new Set(['O1']));
  state.at = 60_000;
  expect(await trust()).toEqual(new Set(['O2']));
  expect(state.asked).toBe(2);
});

test('asks about an unknown issuer at once, and only once', async () => {
  const { state, trust } = world();
  await trust(new Set(['O1']));
  state.answer = async () => new Set(['O1', 'O2']);
  expect(await trust(new Set(['O2', 'O3']))).toEqual(new Set(['O1', 'O2']));
  await trust(new Set(['O1', 'O2', 'O3']));
  expect(state.asked).toBe(2);
});

test('calls made at once wait for one answer', async () => {
  const { state, trust } = world();
  await Promise.all([trust(), trust(), trust(new Set(['O1']))]);
  expect(state.asked).toBe(1);
});

test('the last answer stands for ten minutes while no server answers, and no longer', async () => {
  const { state, trust } = world();
  await trust();
  state.answer = () => Promise.reject(new ResolverUnreachable('silence'));
  state.at = 599_999;
  expect(await trust()).toEqual(new Set(['O1']));
  expect(state.asked).toBe(2);
  state.at = 660_000;
  await expect(trust()).rejects.toThrow('silence');
});

test('an operator that no longer trusts us is an error at once', async () => {
  const { state, trust } = world();
  await trust();
  state.answer = () => Promise.reject(new Error('is none of operator'));
  state.at = 60_000;
  await expect(trust()).rejects.toThrow('none of operator');
});

test('an account JWT by a new key of the operator becomes the base in the same look', async () => {
  const newKey = createKeyPair('operator');
  let issuers = new Set<string>([operatorKey.publicKey]);
  let view = viewOf([accountJwt()]);
  const servers = systemServers({
    resolver: { look: async () => view, push: async () => [] },
    issuers: freshTrust({ ask: async () => issuers, monotonic: () => 0 }),
    signer: operatorKey,
    clock: { now: () => NOW },
  });
  const ring = ringOf([ringKey({ state: 'staged' })]);
  const assessed = async () => (await servers.look(ring)).assess(ring);
  expect((await assessed()).base?.iss).toBe(operatorKey.publicKey);
  issuers = new Set([operatorKey.publicKey, newKey.publicKey]);
  view = viewOf([accountJwt({ signer: newKey })]);
  expect((await assessed()).base?.iss).toBe(newKey.publicKey);
});
