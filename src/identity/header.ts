import { Refusal } from '../errors.ts';
import { own } from './claims.ts';
import { ALGORITHMS, type Algorithm } from './issuer.ts';
import { show } from './show.ts';
import type { JsonObject } from './strict-json.ts';

/** All that nats-sts believes of a JOSE header. Keys and addresses in it (`jwk`, `jku`, `x5u`, `x5c`) are never looked at. */
export interface TokenHeader {
  readonly alg: Algorithm;
  /** Only ever compared with the names of keys that we hold. */
  readonly kid: string | undefined;
  /** `typ` says that this is an access token (RFC 9068 §2.1). */
  readonly accessToken: boolean;
}

const MAX_KID_CHARACTERS = 256;

type Type = Pick<TokenHeader, 'accessToken'>;

const PLAIN: Type = { accessToken: false };

/** Media types of subject tokens, lower case, without `application/` (RFC 7515 §4.1.9). */
const TYPES: ReadonlyMap<string, Type> = new Map([
  ['jwt', PLAIN],
  ['jose', PLAIN],
  ['at+jwt', { accessToken: true }],
]);

/** Checks a header before anything is done with the rest of the token (RFC 8725 §3.1, §3.11). */
export function readHeader(header: JsonObject): TokenHeader | Refusal {
  const extended = refuseExtensions(header);
  if (extended !== undefined) return extended;
  const alg = readAlgorithm(header);
  if (alg instanceof Refusal) return alg;
  const kid = readKid(header);
  if (kid instanceof Refusal) return kid;
  const type = readType(header);
  if (type instanceof Refusal) return type;
  return { alg, kid, accessToken: type.accessToken };
}

/**
 * We implement no extension, so whatever `crit` lists is not understood (RFC 7515 §4.1.11), and a
 * payload that is not base64url-encoded (RFC 7797) is not a JWT (§7 there).
 */
export function refuseExtensions(header: JsonObject): Refusal | undefined {
  if (own(header, 'crit') !== undefined) return unsupported('it has "crit"');
  const b64 = own(header, 'b64');
  if (b64 !== undefined && b64 !== true) return unsupported('its "b64" is not true');
  return undefined;
}

/** Asymmetric signatures only: `none`, and HMAC under a public key, are forgeries (RFC 8725 §2.1). */
export function readAlgorithm(header: JsonObject): Algorithm | Refusal {
  const alg = own(header, 'alg');
  const known = ALGORITHMS.find((known) => known === alg);
  if (known !== undefined) return known;
  return new Refusal(
    'algorithm_not_allowed',
    `The token is signed with ${show(alg)}; only asymmetric signature algorithms are accepted: have the issuer sign with one, such as RS256.`,
  );
}

function readKid(header: JsonObject): string | undefined | Refusal {
  const kid = own(header, 'kid');
  if (kid === undefined || kid === '') return undefined;
  if (typeof kid !== 'string') return unsupported('its "kid" is not a string');
  return kid.length > MAX_KID_CHARACTERS ? unsupported('its "kid" is too long') : kid;
}

function readType(header: JsonObject): Type | Refusal {
  const typ = own(header, 'typ');
  if (typ === undefined) return PLAIN;
  const type = typeof typ === 'string' ? TYPES.get(mediaSubtype(typ)) : undefined;
  if (type !== undefined) return type;
  const other = typeof typ === 'string' ? OTHER_TYPES.get(mediaSubtype(typ)) : undefined;
  const what = other === undefined ? '' : `it is ${other}, `;
  return unsupported(`${what}its "typ" is ${show(typ)}`);
}

/** What an issuer or a client signs for another purpose. */
const OTHER_TYPES: ReadonlyMap<string, string> = new Map([
  ['logout+jwt', 'a logout token'],
  ['secevent+jwt', 'a security event token'],
  ['dpop+jwt', 'a DPoP proof'],
  ['token-introspection+jwt', 'an answer to a token introspection'],
]);

/** RFC 7515 §4.1.9: `application/` may be left out, and media types ignore case. */
export function mediaSubtype(typ: string): string {
  const lower = typ.toLowerCase();
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower;
}

function unsupported(what: string): Refusal {
  return new Refusal('token_header_unsupported', `The token's header is not supported: ${what}.`);
}
