import { hash } from 'node:crypto';
import { encodeBase32 } from './base32.ts';
import { verifySignature } from './key-pair.ts';
import { Malformed } from './malformed.ts';
import { decodePublicKey } from './nkeys.ts';

/**
 * NATS JWT, version 2 (NATS ADR-14): a JWS (RFC 7515) whose issuer and subject are public nkeys,
 * whose algorithm is Ed25519 under NATS's own name, and whose NATS part is under `nats`.
 */

/** The claims under `nats`. */
export interface NatsBody {
  /** `user`, `account`, `operator` or `activation`. */
  readonly type: string;
  readonly version: 2;
}

/** The claims around the NATS part that the caller decides on. Times are Unix seconds. */
export interface JwtClaims {
  /** Public nkey of the subject. */
  readonly sub: string;
  readonly iat: number;
  readonly exp?: number | undefined;
  readonly nbf?: number | undefined;
  readonly name?: string | undefined;
  readonly aud?: string | undefined;
  /** The NATS part, or its JSON where the caller has it ready: the part that users of one role share. */
  readonly nats: NatsBody | NatsJson;
}

declare const natsJson: unique symbol;
/** JSON of a `NatsBody`, made by `natsJsonOf`. */
export type NatsJson = string & { readonly [natsJson]: true };

/** Serialises a NATS part once, for many JWTs. */
export function natsJsonOf(body: NatsBody): NatsJson {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- this is where the brand comes from
  return JSON.stringify(body) as NatsJson;
}

export interface JwtToEncode {
  readonly claims: JwtClaims;
  /** Public nkey of the key that `sign` signs with. */
  readonly issuerPublicKey: string;
  /** Ed25519 signature (64 bytes) over `message`. */
  readonly sign: (message: Uint8Array) => Uint8Array;
}

const HEADER = '{"typ":"JWT","alg":"ed25519-nkey"}';
const ENCODED_HEADER = Buffer.from(HEADER).toString('base64url');

/** Signs claims into a JWT. */
export function encodeJwt({ claims, issuerPublicKey, sign }: JwtToEncode): string {
  return signJwt(unsignedJwt(claims, issuerPublicKey), sign);
}

/**
 * Header and claims, joined by a dot: what the signature goes over (JWS Signing Input, RFC 7515 §2).
 *
 * `jti` is the base32 of a SHA-512/256 over all other claims: the form of the Go library, over
 * everything as in the JavaScript one, so that two different JWTs never share it.
 */
export function unsignedJwt(claims: JwtClaims, issuerPublicKey: string): string {
  return unsignedJwtOf(claimsJson(claims, issuerPublicKey));
}

/** The same for claims that are JSON already: an object with every claim but `jti`, `iss` among them. */
export function unsignedJwtOf(claims: string): string {
  const jti = encodeBase32(hash('sha512-256', claims, 'buffer'));
  const payload = `{"jti":"${jti}",${claims.slice(1)}`;
  return `${ENCODED_HEADER}.${textAsBase64url(payload)}`;
}

/** The JWT of what `unsignedJwt` made: it grows by a dot and 86 characters. */
export function signJwt(unsigned: string, sign: JwtToEncode['sign']): string {
  return `${unsigned}.${base64url(sign(latin1Bytes(unsigned)))}`;
}

/** Room for a JWT of usual size: nothing is allocated for it, and nothing refers to it afterwards. */
const SCRATCH = Buffer.alloc(16 * 1024);
/** UTF-16 takes no more bytes of UTF-8 for each unit. */
const MOST_UTF8_BYTES = 3;

function textAsBase64url(text: string): string {
  if (text.length * MOST_UTF8_BYTES > SCRATCH.length)
    return Buffer.from(text).toString('base64url');
  return SCRATCH.toString('base64url', 0, SCRATCH.write(text, 'utf8'));
}

/** To be read before the next call. */
function latin1Bytes(text: string): Buffer {
  if (text.length > SCRATCH.length) return Buffer.from(text, 'latin1');
  return SCRATCH.subarray(0, SCRATCH.write(text, 'latin1'));
}

function claimsJson(claims: JwtClaims, issuer: string): string {
  const { aud, exp, iat, name, nbf, sub, nats } = claims;
  const natsPart = typeof nats === 'string' ? nats : JSON.stringify(nats);
  // JSON.stringify leaves out what is undefined. The NATS part goes in as it is, not through a second parse.
  const envelope = JSON.stringify({ aud, exp, iat, iss: issuer, name, nbf, sub });
  return `${envelope.slice(0, -1)},"nats":${natsPart}}`;
}

/** The claims of a decoded JWT: the form is checked, what they say is not. */
export interface DecodedClaims {
  readonly jti?: string;
  readonly iss: string;
  readonly sub: string;
  readonly iat: number;
  readonly exp?: number;
  readonly nbf?: number;
  readonly name?: string;
  readonly aud?: string;
  readonly nats: {
    readonly type: string;
    readonly version: number;
    readonly [claim: string]: unknown;
  };
}

/**
 * The claims of a JWT whose form and signature are right. Whether its issuer is one to trust, and
 * whether it has expired, is for the caller to ask.
 */
export function decodeJwt(text: string): DecodedClaims | Malformed {
  const parts = text.split('.');
  const [header, payload, signature] = parts.map(fromBase64url);
  if (parts.length !== 3 || !header || !payload || !signature) {
    return new Malformed('not three base64url parts joined by dots');
  }
  if (!isNatsHeader(parseJson(header))) {
    return new Malformed('its header is not that of a NATS JWT of version 2');
  }
  const claims = parseJson(payload);
  if (!isClaims(claims)) return new Malformed('a required claim is missing or has the wrong type');
  const signed = Buffer.from(text.slice(0, text.lastIndexOf('.')), 'latin1');
  if (!verifySignature(claims.iss, signed, signature)) {
    return new Malformed("its signature does not match its issuer's key");
  }
  return claims;
}

function isNatsHeader(header: unknown): boolean {
  return (
    isObject(header) &&
    typeof header['typ'] === 'string' &&
    header['typ'].toUpperCase() === 'JWT' &&
    header['alg'] === 'ed25519-nkey'
  );
}

function isClaims(claims: unknown): claims is DecodedClaims {
  if (!isObject(claims) || !isObject(claims['nats'])) return false;
  const { iss, sub, iat, exp, nbf, nats } = claims;
  return (
    typeof iss === 'string' &&
    decodePublicKey(iss) !== undefined &&
    typeof sub === 'string' &&
    isTime(iat) &&
    (exp === undefined || isTime(exp)) &&
    (nbf === undefined || isTime(nbf)) &&
    typeof nats['type'] === 'string' &&
    nats['version'] === 2
  );
}

function isTime(value: unknown): boolean {
  return Number.isSafeInteger(value);
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

/** Node forgives stray characters and bits when it decodes; encoding again shows whether there were any. */
function fromBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
