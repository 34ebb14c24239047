import { Malformed } from './malformed.ts';
import { decodeSeed } from './nkeys.ts';

/**
 * The `.creds` file: a user JWT and the user's seed, each between lines of dashes. Secret.
 *
 * Parsers in the field take the first block for the JWT and the second for the seed, want LF, a
 * newline at the end, and (nats.js) dashes in exactly this number.
 */
export interface Creds {
  readonly jwt: string;
  /** `SU…`. Secret. */
  readonly seed: string;
}

export function formatCreds({ jwt, seed }: Creds): string {
  return `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
The seed below proves this identity to NATS. Keep it secret.

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;
}

/** One block: a line of dashes around a title, one line of content, a line of dashes. */
const BLOCK = /^-{3,}[^\n]*-{3,}\r?\n[ \t]*([\w\-.=]+)[ \t]*\r?\n-{3,}[^\n]*-{3,}\s*$/gm;

/** Reads what `formatCreds`, `nsc` and the reference libraries write, CRLF included. The JWT is not verified. */
export function parseCreds(text: string): Creds | Malformed {
  const [jwt, seed, ...more] = Array.from(text.matchAll(BLOCK), ([, content]) => content);
  if (jwt === undefined || seed === undefined || more.length > 0) {
    return new Malformed('not two blocks, a user JWT and a user seed');
  }
  if (jwt.split('.').length !== 3) return new Malformed('the first block is not a JWT');
  if (decodeSeed(seed)?.kind !== 'user')
    return new Malformed('the second block is not a user seed');
  return { jwt, seed };
}
