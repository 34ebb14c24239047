import { createCurve, fromCurveSeed } from '@nats-io/nkeys';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createCurveKeyPair,
  curveKeyPairFromSeed,
  curvePublicKeyOfSeed,
} from '../../src/nats/curve-key-pair.ts';
import { createKeyPair, keyPairFromSeed, publicKeyOfSeed } from '../../src/nats/key-pair.ts';
import { encodePublicKey } from '../../src/nats/nkeys.ts';

describe('an xkey', () => {
  test('has the public key that the reference library derives from its seed', () => {
    const pair = createCurveKeyPair();
    expect(pair.seed()).toMatch(/^SX/);
    expect(pair.publicKey).toMatch(/^X/);
    expect(fromCurveSeed(Buffer.from(pair.seed())).getPublicKey()).toBe(pair.publicKey);
    expect(curvePublicKeyOfSeed(pair.seed())).toBe(pair.publicKey);
  });

  test('is another one each time', () => {
    expect(createCurveKeyPair().publicKey).not.toBe(createCurveKeyPair().publicKey);
  });

  test('signs nothing, and a key that signs is no xkey', () => {
    const xkey = createCurveKeyPair();
    const signing = createKeyPair('account');
    expect(() => keyPairFromSeed(xkey.seed())).toThrow('not an nkey seed');
    expect(publicKeyOfSeed(xkey.seed())).toBeUndefined();
    expect(() => curveKeyPairFromSeed(signing.seed())).toThrow('not the seed of an xkey');
    expect(curvePublicKeyOfSeed(signing.seed())).toBeUndefined();
    expect(curvePublicKeyOfSeed('')).toBeUndefined();
  });
});

describe('a box', () => {
  const ours = createCurveKeyPair();
  const theirs = createCurve();
  const publicKey = (pair: { getPublicKey(): string }) =>
    pair.getPublicKey() as typeof ours.publicKey;

  test('of the reference library opens, and the library opens ours', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (message) => {
        const toUs = theirs.seal(message, ours.publicKey);
        expect(ours.open(toUs, publicKey(theirs))).toEqual(Buffer.from(message));
        const toThem = ours.seal(message, publicKey(theirs));
        expect(Buffer.from(theirs.open(toThem, ours.publicKey) ?? [])).toEqual(
          Buffer.from(message),
        );
      }),
      { numRuns: 10 },
    );
  });

  test('never looks the same twice', () => {
    const message = Buffer.from('message');
    const recipient = publicKey(theirs);
    expect(ours.seal(message, recipient)).not.toEqual(ours.seal(message, recipient));
  });

  test('for someone else, of someone else, damaged, cut short or of another version stays closed', () => {
    const sender = createCurveKeyPair();
    const box = sender.seal(Buffer.from('message'), ours.publicKey);
    const damaged = Buffer.from(box);
    damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
    const otherVersion = Buffer.from(box);
    otherVersion.write('xkv2');
    expect(ours.open(box, sender.publicKey)?.toString()).toBe('message');
    expect(createCurveKeyPair().open(box, sender.publicKey)).toBeUndefined();
    expect(ours.open(box, createCurveKeyPair().publicKey)).toBeUndefined();
    expect(ours.open(damaged, sender.publicKey)).toBeUndefined();
    expect(ours.open(otherVersion, sender.publicKey)).toBeUndefined();
    for (let length = 0; length < box.length; length += 1) {
      expect(ours.open(box.subarray(0, length), sender.publicKey)).toBeUndefined();
    }
  });

  test('of a key that has no secret (RFC 7748 §6.1) stays closed', () => {
    const box = createCurveKeyPair().seal(Buffer.from('message'), ours.publicKey);
    expect(ours.open(box, encodePublicKey('curve', new Uint8Array(32)))).toBeUndefined();
  });
});
