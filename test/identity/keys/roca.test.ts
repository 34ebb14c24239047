import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { ALGORITHMS } from '../../../src/identity/issuer.ts';
import { importJwk } from '../../../src/identity/keys/jwk.ts';
import { LeftOut } from '../../../src/identity/keys/left-out.ts';
import { hasRocaFingerprint } from '../../../src/identity/keys/rsa-fault.ts';

/** The product of the first 126 primes: what the flawed library used for keys of 2048 bits. */
const PRIMORIAL = firstPrimes(126).reduce((product, prime) => product * prime, 1n);

function firstPrimes(count: number): bigint[] {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < count; n += 1n) {
    if (primes.every((prime) => n % prime !== 0n)) primes.push(n);
  }
  return primes;
}

function powerModulo(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let [result, square] = [1n, base % modulus];
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** A number of 2048 bits that leaves the remainders of such a modulus. It is not the product of two primes. */
function withFingerprint(seed: bigint): bigint {
  const remainder = powerModulo(65_537n, seed, PRIMORIAL);
  const modulus = ((1n << 2047n) / PRIMORIAL + seed) * PRIMORIAL + remainder;
  return modulus % 2n === 1n ? modulus : modulus + PRIMORIAL;
}

const base64url = (modulus: bigint) =>
  Buffer.from(modulus.toString(16), 'hex').toString('base64url');

test.each([1n, 2n, 3n, 1_000_003n, 2n ** 64n - 59n])(
  'a modulus made of powers of 65537 has the ROCA fingerprint (%d)',
  (seed) => {
    const modulus = withFingerprint(seed);
    expect(modulus.toString(2)).toHaveLength(2048);
    expect(hasRocaFingerprint(modulus)).toBe(true);
    // The next number of that size differs in every remainder.
    expect(hasRocaFingerprint(modulus + 2n)).toBe(false);
  },
);

test('a JWK with such a modulus is refused, and named as that', () => {
  const jwk = { kty: 'RSA', kid: 'card', e: 'AQAB', n: base64url(withFingerprint(5n)) };
  // OpenSSL itself takes it.
  expect(createPublicKey({ key: jwk, format: 'jwk' }).asymmetricKeyDetails?.modulusLength).toBe(
    2048,
  );
  const left = importJwk(jwk, ALGORITHMS);
  expect(left).toBeInstanceOf(LeftOut);
  expect(left).toMatchObject({
    kid: 'card',
    faulty: true,
    why: expect.stringMatching(/ROCA.*CVE-2017-15361/),
  });
});

test('ordinary keys do not have it', () => {
  for (const modulusLength of [2048, 2048, 3072]) {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength });
    expect(importJwk(publicKey.export({ format: 'jwk' }), ['RS256'])).toHaveLength(1);
  }
});
