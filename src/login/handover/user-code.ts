import { randomInt } from 'node:crypto';

/** No vowels, so that no words come about; nothing that looks like a digit (RFC 8628 §6.1). */
const ALPHABET = 'BCDFGHJKLMNPQRSTVWXZ';
/** 20^8 codes: 34 bits, guessed at the pace that limits allow, for ten minutes. */
const LETTERS = 8;
const WELL_FORMED = new RegExp(`^[${ALPHABET}]{${LETTERS}}$`);
/** Nobody types more; what is longer isn't looked at. */
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

/** The code that somebody typed: case, blanks and hyphens of any kind don't matter. Undefined when it can't be one. */
export function readUserCode(typed: string): string | undefined {
  if (typed.length > MAX_TYPED_CHARACTERS) return undefined;
  const letters = typed.replaceAll(/[\s\p{Pd}\p{Cf}]/gu, '').toUpperCase();
  return WELL_FORMED.test(letters) ? letters : undefined;
}
