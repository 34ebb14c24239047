import { signJwt, unsignedJwtOf } from '../nats/jwt.ts';
import type { KeyPair } from '../nats/key-pair.ts';
import type { AccountClaims } from './account-jwt.ts';

/** Bytes. Servers take no longer JWT, and by default no longer message either. */
export const ACCOUNT_JWT_LIMIT = 1024 * 1024;

/** The account JWT would be longer than servers take. */
export class AccountTooLarge extends Error {
  override readonly name = 'AccountTooLarge';
  readonly bytes: number;

  constructor(account: string, bytes: number) {
    super(
      `the JWT of account ${account} would have ${bytes} bytes; NATS accepts at most ${ACCOUNT_JWT_LIMIT}`,
    );
    this.bytes = bytes;
  }
}

/** Signs account claims as the operator: `iss` and `jti` are set anew, all else is as given. Throws `AccountTooLarge`. */
export function signAccount({
  claims,
  signer,
}: {
  readonly claims: AccountClaims;
  /** An operator key, or one of its signing keys. */
  readonly signer: Pick<KeyPair, 'publicKey' | 'sign'>;
}): string {
  const json = JSON.stringify({ ...claims, iss: signer.publicKey, jti: undefined });
  const jwt = signJwt(unsignedJwtOf(json), signer.sign);
  if (jwt.length > ACCOUNT_JWT_LIMIT) throw new AccountTooLarge(claims.sub, jwt.length);
  return jwt;
}

/** Length of the JWT that `signAccount` would make of these claims, which are of an account JWT. */
export function accountJwtBytes(claims: AccountClaims): number {
  const json = JSON.stringify({ ...claims, jti: undefined });
  return base64Length(Buffer.byteLength(json) + JTI_BYTES) + HEADER_AND_SIGNATURE_BYTES;
}

/** `"jti":"…",` with the base32 of 32 bytes. */
const JTI_BYTES = 61;
const HEADER_AND_SIGNATURE_BYTES = 46 + 86 + 2;

function base64Length(bytes: number): number {
  return Math.ceil((bytes * 4) / 3);
}
