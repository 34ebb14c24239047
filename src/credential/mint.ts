import { Refusal } from '../errors.ts';
import { formatCreds } from '../nats/creds.ts';
import { signJwt, unsignedJwt } from '../nats/jwt.ts';
import { createKeyPair, type KeyPair } from '../nats/key-pair.ts';
import type { UserPublicKey } from '../nats/nkeys.ts';
import type { Grant } from '../policy/policy.ts';
import type { Credential, CredentialRequest } from './credential.ts';
import { nameOf } from './identity-tags.ts';
import { userBody } from './user-body.ts';

/** A credential that lacks only its signature, so that it can be recorded before it exists. */
export interface CredentialDraft {
  readonly userPublicKey: UserPublicKey;
  readonly expiresAt: number;
  sign(): Credential;
}

export interface Drafting {
  /** `max_control_line` of the servers: what one CONNECT line may take. */
  readonly maxControlLineBytes: number;
}

/**
 * Drafts the user JWT (NATS ADR-14) of a grant: direct with the grant's permissions, or scoped with
 * nothing but tags when the signing key is tied to the role.
 *
 * `nbf` is left out: servers know no leeway, and a clock that runs ahead would lock the user out.
 */
export function draftCredential(
  { maxControlLineBytes }: Drafting,
  request: CredentialRequest,
): CredentialDraft | Refusal {
  const { grant, signingKey, issuedAt, expiresAt } = request;
  const name = nameOf(request.identity);
  const nats = userBody(request, name);
  if (nats instanceof Refusal) return nats;
  const { userPublicKey, pair } = userKeys(request.userPublicKey);
  const unsigned = unsignedJwt(
    { sub: userPublicKey, aud: signingKey.audience, iat: issuedAt, exp: expiresAt, name, nats },
    signingKey.publicKey,
  );
  const needed = connectLineBytes(unsigned);
  if (needed > maxControlLineBytes) return tooLarge(grant, needed, maxControlLineBytes);
  return {
    userPublicKey,
    expiresAt,
    sign() {
      const jwt = signJwt(unsigned, signingKey.sign);
      return {
        jwt,
        ...secretOf(jwt, pair),
        userPublicKey,
        account: signingKey.account,
        signingKey: signingKey.publicKey,
        issuedAt,
        expiresAt,
      };
    },
  };
}

/** The caller's own key, or a pair made here. */
function userKeys(own: UserPublicKey | undefined): {
  userPublicKey: UserPublicKey;
  pair: KeyPair | undefined;
} {
  if (own !== undefined) return { userPublicKey: own, pair: undefined };
  const pair = createKeyPair('user');
  return { userPublicKey: pair.publicKey, pair };
}

/** Reads the seed out once; the pair's own memory is wiped. */
function secretOf(
  jwt: string,
  pair: KeyPair | undefined,
): { seed: string | undefined; creds: string | undefined } {
  if (!pair) return { seed: undefined, creds: undefined };
  const seed = pair.seed();
  pair.wipe();
  return { seed, creds: formatCreds({ jwt, seed }) };
}

function tooLarge({ role }: Grant, needed: number, limit: number): Refusal {
  return new Refusal(
    'credential_too_large',
    `The credential for role "${role.name}" would not fit in the CONNECT line that NATS servers accept.`,
    {
      detail: `needs about ${needed} bytes, but the limit is ${limit}: use fewer subjects or a scoped signing key, or raise max_control_line and nats.maxControlLine`,
    },
  );
}

/**
 * What clients send in CONNECT beside the JWT: the signature over the nonce, their name and
 * version, options. nats.js and nats.go stay below this with connection names up to about 100
 * characters.
 */
const OTHER_OPTIONS_BYTES = 512;
/** The dot and the base64url of 64 bytes. */
const SIGNATURE_BYTES = 87;

/** Length of the CONNECT line that will carry this JWT; servers refuse more than `max_control_line`. */
function connectLineBytes(unsignedJwt: string): number {
  return unsignedJwt.length + SIGNATURE_BYTES + OTHER_OPTIONS_BYTES;
}
