import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fitsChallenge } from '../../../src/login/handover/secrets.ts';

const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

describe('proof key for code exchange', () => {
  test('RFC 7636 appendix B: its verifier fits its challenge', () => {
    expect(
      fitsChallenge(
        'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
        'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      ),
    ).toBe(true);
  });

  test('RFC 7636 §4.6: any other verifier does not', () => {
    const challenge = challengeOf('a'.repeat(43));
    expect(fitsChallenge(`${'a'.repeat(42)}b`, challenge)).toBe(false);
    expect(fitsChallenge(challenge, challenge)).toBe(false);
    expect(fitsChallenge('a'.repeat(43), `${challenge}=`)).toBe(false);
  });

  test.each(['', 'a'.repeat(42), 'a'.repeat(129), `${'a'.repeat(43)}=`, `${'a'.repeat(43)}\n`])(
    'RFC 7636 §4.1: %j is no verifier, even if it was hashed',
    (verifier) => {
      expect(fitsChallenge(verifier, challengeOf(verifier))).toBe(false);
    },
  );

  test.each(['a'.repeat(43), 'a'.repeat(128), `${'a'.repeat(43)}-._~`])(
    'RFC 7636 §4.1: %j is one',
    (verifier) => {
      expect(fitsChallenge(verifier, challengeOf(verifier))).toBe(true);
    },
  );
});
