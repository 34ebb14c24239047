/** A JSON object that may be a JWK (RFC 7517 §4). */
export type Jwk = Readonly<Record<string, unknown>>;

/** Serialisers of some libraries write members that are not set as null, as an empty list or an empty string. */
function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  return !(Array.isArray(value) && value.length === 0);
}

/** The same JWK without the members that are not set. */
export function setMembers(jwk: Jwk): Jwk {
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => isSet(value)));
}

/** The strings that a member holds, alone or in a list. A member of another type says nothing. */
export function texts(value: unknown): readonly string[] {
  return [value].flat().filter((one): one is string => typeof one === 'string' && one !== '');
}

/** Must be a string (RFC 7517 §4.5); a number is read as its digits. */
export function kidOf({ kid }: Jwk): string | undefined {
  if (typeof kid === 'number') return String(kid);
  return typeof kid === 'string' && kid !== '' ? kid : undefined;
}

/** RFC 7518 §6.3.2, RFC 8037 §2, and `k` of symmetric keys. */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'priv'] as const;

export function holdsSecret(jwk: Jwk): boolean {
  return SECRET_MEMBERS.some((name) => texts(jwk[name]).length > 0) || isSet(jwk['oth']);
}

/**
 * The bytes of a base64url member (RFC 7518 §2). Padding, line breaks and the two letters of plain
 * base64 are accepted; undefined for anything else.
 */
export function bytesOf(value: unknown): Buffer | undefined {
  if (typeof value !== 'string' || !/^[\w+/=\s-]+$/.test(value)) return undefined;
  return Buffer.from(value, 'base64url');
}

/** A big-endian integer without the zero bytes that some encoders put before it. */
export function significant(bytes: Buffer): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start === -1 ? Buffer.alloc(0) : bytes.subarray(start);
}
