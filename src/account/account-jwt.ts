import type { ScopedSigningKey } from '../nats/account-claims.ts';
import { numberOf, parseExactJson } from '../nats/exact-json.ts';
import { decodeJwt } from '../nats/jwt.ts';
import { Malformed } from '../nats/malformed.ts';

/** A signing key as account JWTs list it. Members that we don't know may be there as well. */
export type ListedKey = string | ScopedSigningKey;

/**
 * Claims of an account JWT with everything that is in them, known to us or not. Numbers that
 * JavaScript would write in other digits (beyond 2^53, `1e9`) are opaque and written back as they
 * were: `numberOf` reads them.
 */
export interface AccountClaims {
  readonly iss: string;
  readonly sub: string;
  /** Unix seconds. */
  readonly iat: number;
  readonly exp?: number;
  readonly nbf?: number;
  readonly nats: {
    readonly type: string;
    readonly signing_keys?: readonly ListedKey[] | null;
    /** User public key, or `*`, → Unix seconds. */
    readonly revocations?: Readonly<Record<string, number>> | null;
    readonly [member: string]: unknown;
  };
  readonly [member: string]: unknown;
}

/** Unix seconds. Whoever counts on from a later one soon leaves what JavaScript can hold. */
const YEAR_9999 = 253_402_300_799;

/** Reads an account JWT: form and signature are checked, whether its issuer is to be trusted isn't. */
export function readAccountJwt(jwt: string): AccountClaims | Malformed {
  const decoded = decodeJwt(jwt);
  if (decoded instanceof Malformed) return decoded;
  const { nats, iat } = decoded;
  if (nats.type !== 'account') return new Malformed('not the JWT of an account');
  if (iat < 0 || iat > YEAR_9999) return new Malformed('its iat is not a valid date');
  if (!isKeyList(nats['signing_keys'] ?? [])) {
    return new Malformed('its signing keys are not a list of keys');
  }
  if (!isObject(nats['revocations'] ?? {})) {
    return new Malformed('its revocations are not an object');
  }
  const payload = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString();
  return { ...(parseExactJson(payload) as AccountClaims), iat };
}

function isKeyList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((entry) => typeof entry === 'string' || (isObject(entry) && 'key' in entry))
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function keyOf(listed: ListedKey): string {
  return typeof listed === 'string' ? listed : listed.key;
}

/** A time in such claims, Unix seconds; undefined where there is none, which 0 means as well. */
export function timeIn(value: unknown): number | undefined {
  const number = numberOf(value);
  return number > 0 ? Math.floor(number) : undefined;
}

export function hasExpired({ exp }: AccountClaims, nowSeconds: number): boolean {
  const expiresAt = timeIn(exp);
  return expiresAt !== undefined && expiresAt <= nowSeconds;
}

/** Whether servers would put this JWT into force at this time: else they stay on the one before. */
export function isLoadable(claims: AccountClaims, nowSeconds: number): boolean {
  return !hasExpired(claims, nowSeconds) && (timeIn(claims.nbf) ?? 0) <= nowSeconds;
}
