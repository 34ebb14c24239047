import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;

/** 256 random bits in base64url: 43 characters. Secret. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** What we store of a secret: SHA-256 in base64url, which is valid in a key of the shared state. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** Compares in constant time, so that timing does not reveal where two texts differ. */
export function sameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** RFC 7636 §4.1: 43 to 128 unreserved characters. */
const CODE_VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;

/** Whether the challenge was derived from this verifier, by S256 (RFC 7636 §4.6). */
export function fitsChallenge(codeVerifier: string, codeChallenge: string): boolean {
  return CODE_VERIFIER.test(codeVerifier) && sameText(hashOfSecret(codeVerifier), codeChallenge);
}
