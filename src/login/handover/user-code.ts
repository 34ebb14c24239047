import { randomInt } from 'node:crypto';

/** No vowels, so that codes do not form words; nothing that looks like a digit (RFC 8628 §6.1). */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
/** 20^8 codes: 34 bits, to be guessed within ten minutes and the rate limits. */
const LETTERS = 8;
const WELL_FORMED = new RegExp(`^[${ALPHABET}]{${LETTERS}}$`);
/** Longer input is ignored. */
const MAX_TYPED_CHARACTERS = 64;

/** Eight random letters, without the hyphen. */
export function newUserCode(): string {
  return Array.from({ length: LETTERS }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join(
    '',
  );
}

/** `BCDFGHJK` as `BCDF-GHJK`. */
export function showUserCode(userCode: string): string {
  return `${userCode.slice(0, LETTERS / 2)}-${userCode.slice(LETTERS / 2)}`;
}

/** The code in what somebody typed; case, spaces and hyphens of any kind do not matter. Undefined if it is not one. */
export function readUserCode(typed: string): string | undefined {
  if (typed.length > MAX_TYPED_CHARACTERS) return undefined;
  const letters = typed.replaceAll(/[\s\p{Pd}\p{Cf}]/gu, '').toUpperCase();
  return WELL_FORMED.test(letters) ? letters : undefined;
}
