import * as fc from 'fast-check';
import { decodeProtectedHeader } from 'jose';
import { describe, expect, test } from 'vitest';
import { createTextSealer, type Purpose } from '../../src/login/text-sealer.ts';
import { NOW } from '../support/issuer.ts';

const KEY = Buffer.alloc(32, 1);
const OTHER_KEY = Buffer.alloc(32, 2);
const LATER = NOW + 60;

function sealerOf(changes: { keys?: readonly Uint8Array[]; audience?: string; now?: number } = {}) {
  return createTextSealer({
    keys: changes.keys ?? [KEY],
    audience: () => changes.audience ?? 'https://sts.test',
    clock: { now: () => (changes.now ?? NOW) * 1_000 },
  });
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

const sealer = sealerOf();

describe('a sealed text', () => {
  test('opens to the value that was sealed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue()), async (dictionary) => {
        const value = JSON.parse(JSON.stringify(dictionary)) as object;
        expect(await sealer.open('session', await sealer.seal('session', value, LATER))).toEqual(
          value,
        );
      }),
      { numRuns: 50 },
    );
  });

  test('shows nothing of the value', async () => {
    const text = await sealer.seal('session', { word: 'shibboleth' }, LATER);
    for (const part of text.split('.')) {
      expect(Buffer.from(part, 'base64url').toString('latin1')).not.toContain('shibboleth');
    }
  });

  test('differs each time', async () => {
    const seal = () => sealer.seal('session', {}, LATER);
    expect(await seal()).not.toBe(await seal());
  });

  test.each<[Purpose, Purpose]>([
    ['session', 'attempt'],
    ['session', 'refresh'],
    ['attempt', 'session'],
    ['refresh', 'session'],
  ])('for one purpose opens for no other: %s, %s', async (made, tried) => {
    const text = await sealer.seal(made, { x: 1 }, LATER);
    expect(await sealer.open(made, text)).toEqual({ x: 1 });
    expect(await sealer.open(tried, text)).toBeUndefined();
  });

  test('of another deployment does not open, although the keys are the same', async () => {
    const text = await sealerOf({ audience: 'https://other.test' }).seal('session', {}, LATER);
    expect(await sealer.open('session', text)).toBeUndefined();
  });

  test('expires to the second', async () => {
    const text = await sealer.seal('session', { x: 1 }, LATER);
    expect(await sealerOf({ now: LATER - 1 }).open('session', text)).toEqual({ x: 1 });
    expect(await sealerOf({ now: LATER }).open('session', text)).toBeUndefined();
  });

  test('of another sealing key does not open', async () => {
    const text = await sealerOf({ keys: [OTHER_KEY] }).seal('session', {}, LATER);
    expect(await sealer.open('session', text)).toBeUndefined();
  });

  test('opens after a new sealing key was put before its own', async () => {
    const rotated = sealerOf({ keys: [OTHER_KEY, KEY] });
    const old = await sealer.seal('session', { x: 1 }, LATER);
    expect(await rotated.open('session', old)).toEqual({ x: 1 });
    const fresh = await rotated.seal('session', { x: 2 }, LATER);
    expect(await sealer.open('session', fresh)).toBeUndefined();
    expect(await sealerOf({ keys: [OTHER_KEY] }).open('session', fresh)).toEqual({ x: 2 });
  });

  test('does not open with one character changed, anywhere', async () => {
    const text = await sealer.seal('session', { x: 1 }, LATER);
    for (let at = 0; at < text.length; at++) {
      // The first bit of the character: the last of a part may mean nothing.
      const other = BASE64URL[BASE64URL.indexOf(text.charAt(at)) ^ 32] ?? 'A';
      const forged = `${text.slice(0, at)}${other}${text.slice(at + 1)}`;
      expect(await sealer.open('session', forged)).toBeUndefined();
    }
  });

  test('names the key differently for each purpose, and the name reveals nothing about the key', async () => {
    const kidOf = async (purpose: Purpose, keys = [KEY]) =>
      decodeProtectedHeader(await sealerOf({ keys }).seal(purpose, {}, LATER)).kid;
    const kids = await Promise.all([
      kidOf('session'),
      kidOf('attempt'),
      kidOf('refresh'),
      kidOf('session', [OTHER_KEY]),
    ]);
    expect(new Set(kids).size).toBe(4);
    expect(kids.every((kid) => kid?.length === 8)).toBe(true);
  });

  test('is small: repetition is compressed', async () => {
    const groups = Array.from({ length: 500 }, (_, at) => `group-of-people-${at}`);
    expect((await sealer.seal('session', { groups }, LATER)).length).toBeLessThan(3_800);
  });
});

describe('a text that is not sealed', () => {
  test.each([
    '',
    '.',
    '....',
    'e30.e30.e30',
    'x'.repeat(100_000),
    'a.b.c.d.e',
    '{"a":1}',
    '\u0000',
  ])('does not open: %#', async (text) => {
    expect(await sealer.open('session', text)).toBeUndefined();
  });

  test('does not open, whatever a stranger makes up', async () => {
    const part = fc.oneof(fc.string(), fc.base64String());
    const text = fc.array(part, { maxLength: 6 }).map((parts) => parts.join('.'));
    await fc.assert(
      fc.asyncProperty(text, async (text) => {
        expect(await sealer.open('session', text)).toBeUndefined();
      }),
    );
  });

  test('does not open if it decompresses to more than 256 KiB', async () => {
    const bomb = (bytes: number) => sealer.seal('session', { x: 'x'.repeat(bytes) }, LATER);
    expect(await sealer.open('session', await bomb(255 * 1024))).toBeDefined();
    expect(await sealer.open('session', await bomb(257 * 1024))).toBeUndefined();
  });
});

test('nothing can be sealed without a key', async () => {
  await expect(sealerOf({ keys: [] }).seal('session', {}, LATER)).rejects.toThrow('no sealing key');
});
