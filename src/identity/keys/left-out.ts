import { show } from '../show.ts';

/** A member of a key set that is not used. */
export class LeftOut {
  /** Its name there; an issuer's text. */
  readonly kid: string | undefined;
  /** Completes a sentence that begins with the key; safe to show. */
  readonly why: string;
  /** The key itself is bad; otherwise it is only meant for something else. */
  readonly faulty: boolean;

  constructor(kid: string | undefined, why: string, faulty: boolean) {
    this.kid = kid;
    this.why = why;
    this.faulty = faulty;
  }
}

const SHOWN = 3;

/** `key "a" is weak: …; key "b" …; and 2 more`. */
export function showLeftOut(keys: readonly LeftOut[]): string {
  const shown = keys.slice(0, SHOWN).map(({ kid, why }) => `${showKey(kid)} ${why}`);
  const more = keys.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

export function showKey(kid: string | undefined): string {
  return kid === undefined ? 'a key without "kid"' : `key ${show(kid)}`;
}
