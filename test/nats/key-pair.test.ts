import { createUser, fromPublic, fromSeed } from '@nats-io/nkeys';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createKeyPair,
  keyPairFromSeed,
  publicKeyOfSeed,
  verifySignature,
} from '../../src/nats/key-pair.ts';

describe('a key pair', () => {
  test.each(['operator', 'account', 'user'] as const)(
    'of kind %s has the public key that the reference library derives from its seed',
    (kind) => {
      const pair = createKeyPair(kind);
      expect(pair.kind).toBe(kind);
      expect(fromSeed(Buffer.from(pair.seed())).getPublicKey()).toBe(pair.publicKey);
    },
  );

  test('is another one each time', () => {
    expect(createKeyPair('user').publicKey).not.toBe(createKeyPair('user').publicKey);
  });

  test('comes back whole from its seed', () => {
    const pair = createKeyPair('account');
    const again = keyPairFromSeed(pair.seed());
    const message = Buffer.from('message');
    expect(again.kind).toBe('account');
    expect(again.publicKey).toBe(pair.publicKey);
    expect(again.sign(message)).toEqual(pair.sign(message));
  });

  test('of a seed of the reference library signs as the library does', () => {
    const reference = createUser();
    const seed = new TextDecoder().decode(reference.getSeed());
    const message = Buffer.from('message');
    expect(publicKeyOfSeed(seed)).toBe(reference.getPublicKey());
    expect([...keyPairFromSeed(seed).sign(message)]).toEqual([...reference.sign(message)]);
  });

  test('neither signs nor tells its seed once it is wiped', () => {
    const pair = createKeyPair('user');
    const other = createKeyPair('user');
    pair.wipe();
    expect(() => pair.seed()).toThrow('wiped');
    expect(() => pair.sign(new Uint8Array(1))).toThrow('wiped');
    expect(other.sign(new Uint8Array(1))).toHaveLength(64);
  });

  test('of what is no seed is a fault, and the message does not repeat it', () => {
    const publicKey = createKeyPair('user').publicKey;
    expect(() => keyPairFromSeed(publicKey)).toThrow('not an nkey seed');
    expect(publicKeyOfSeed(publicKey)).toBeUndefined();
    expect(publicKeyOfSeed('')).toBeUndefined();
  });
});

describe('a signature', () => {
  const pair = createKeyPair('account');

  test('over any bytes is good to us and to the reference library', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (message) => {
        const signature = pair.sign(message);
        expect(verifySignature(pair.publicKey, message, signature)).toBe(true);
        expect(fromPublic(pair.publicKey).verify(message, signature)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  test('holds for a view into larger memory', () => {
    const whole = new Uint8Array(100).fill(1);
    const signature = pair.sign(whole.subarray(10, 20));
    expect(verifySignature(pair.publicKey, new Uint8Array(10).fill(1), signature)).toBe(true);
  });

  test('of another key, over other bytes, cut short or by what is no key is not good', () => {
    const message = Buffer.from('message');
    const signature = pair.sign(message);
    expect(verifySignature(createKeyPair('account').publicKey, message, signature)).toBe(false);
    expect(verifySignature(pair.publicKey, Buffer.from('massage'), signature)).toBe(false);
    expect(verifySignature(pair.publicKey, message, signature.subarray(1))).toBe(false);
    expect(verifySignature('AAAA', message, signature)).toBe(false);
  });
});
