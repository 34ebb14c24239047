import { hashOfSecret, sameText } from './secrets.ts';

/** RFC 7636 §4.1: 43 to 128 unreserved characters. */
const CODE_VERIFIER = /^[A-Za-z0-9\-._~]{43,128}$/;

/** Whether the verifier is the one that the challenge was made of, by S256 (RFC 7636 §4.6). */
export function fitsChallenge(codeVerifier: string, codeChallenge: string): boolean {
  return CODE_VERIFIER.test(codeVerifier) && sameText(hashOfSecret(codeVerifier), codeChallenge);
}
