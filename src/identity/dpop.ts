import { createHash } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { Refusal } from '../errors.ts';
import { own } from './claims.ts';
import { mediaSubtype, readAlgorithm, refuseExtensions } from './header.ts';
import type { Claims } from './identity.ts';
import { importJwk } from './keys/jwk.ts';
import { LeftOut } from './keys/left-out.ts';
import { signatureHolds, type VerificationKey } from './signature.ts';
import type { SingleUse } from './single-use.ts';
import { type ParsedToken, parseToken } from './token.ts';

/** A DPoP proof (RFC 9449 §4) and the request that it must be for. */
export interface DpopProof {
  readonly jwt: string;
  /** As in the request line, e.g. `POST`. */
  readonly method: string;
  /** The public URL that the caller used. */
  readonly url: string;
}

const MAX_PROOF_BYTES = 8 * 1024;
const MAX_JTI_CHARACTERS = 256;
/** How far a proof's `iat` may lie from now, either way. */
const MAX_AGE_SECONDS = 60;

/**
 * The thumbprint of the key that a token is bound to; undefined for a bearer token.
 *
 * Any `cnf` (RFC 7800) means that the token alone proves nothing. Only `jkt` can be proved here;
 * a token bound by other means (a client certificate, say) is refused.
 */
export function boundKey(claims: Claims): string | undefined | Refusal {
  const cnf = own(claims, 'cnf');
  if (cnf === undefined) return undefined;
  if (typeof cnf === 'object' && cnf !== null && !Array.isArray(cnf)) {
    const jkt = own(cnf, 'jkt');
    if (typeof jkt === 'string' && Object.keys(cnf).length === 1) return jkt;
  }
  return new Refusal(
    'proof_required',
    'The token is bound to a key by a method other than DPoP, which this service cannot check. Get a token that is bound by DPoP, or to no key.',
  );
}

export const PROOF_MISSING = new Refusal(
  'proof_required',
  'The token is bound to a key: send a DPoP proof for this request along with it (RFC 9449).',
);

export const PROOF_UNWANTED = new Refusal(
  'proof_invalid',
  'A DPoP proof came with a token that is not bound to a key: send the token without a proof, or get one that is bound (RFC 9449, section 7.1).',
);

export interface ProofContext {
  readonly proof: DpopProof;
  /** The subject token that the proof goes with, and the key it is bound to. */
  readonly token: string;
  readonly jkt: string;
  /** Unix seconds. */
  readonly now: number;
  readonly singleUse: SingleUse;
}

/** RFC 9449 §4.3, check for check; undefined when the proof holds. The last check uses the proof up. */
export async function checkProof(context: ProofContext): Promise<Refusal | undefined> {
  const parsed = parseToken(context.proof.jwt, MAX_PROOF_BYTES);
  if (parsed instanceof Refusal) return invalid('it is not a signed JWT', parsed.message);
  const key = proofKey(parsed);
  if (key instanceof Refusal) return key;
  if (!signatureHolds(key, parsed.signingInput, parsed.signature)) {
    return invalid('its signature is wrong');
  }
  const thumbprint = await calculateJwkThumbprint(key.publicKey);
  if (thumbprint !== context.jkt) return invalid('it is signed by a key other than the bound one');
  const jti = checkProofClaims(parsed.payload, context);
  return jti instanceof Refusal ? jti : useUp(jti, context);
}

/** The key in the proof's own header: here, and nowhere else, that is where it belongs. */
function proofKey({ header }: ParsedToken): VerificationKey | Refusal {
  const typ = own(header, 'typ');
  if (typeof typ !== 'string' || mediaSubtype(typ) !== 'dpop+jwt') {
    return invalid('its "typ" is not "dpop+jwt"');
  }
  if (refuseExtensions(header) !== undefined) return invalid('its header has extensions');
  const alg = readAlgorithm(header);
  if (alg instanceof Refusal) return invalid('its algorithm is not allowed');
  const keys = importJwk(own(header, 'jwk'), [alg]);
  const [key] = keys instanceof LeftOut ? [] : keys;
  const why = keys instanceof LeftOut ? `the key ${keys.why}` : undefined;
  return key ?? invalid('its "jwk" is not a public key that fits its algorithm', why);
}

/** The name to remember the proof by. */
function checkProofClaims(claims: Claims, { proof, token, now }: ProofContext): string | Refusal {
  const iat = own(claims, 'iat');
  const jti = own(claims, 'jti');
  if (own(claims, 'htm') !== proof.method) return invalid('its "htm" is not the request\'s method');
  if (!sameUrl(own(claims, 'htu'), proof.url))
    return invalid('its "htu" is not the request\'s URL');
  if (typeof iat !== 'number' || Math.abs(now - iat) > MAX_AGE_SECONDS) {
    return invalid(`its "iat" is not within ${MAX_AGE_SECONDS} seconds of now`);
  }
  const ath = createHash('sha256').update(token, 'latin1').digest('base64url');
  if (own(claims, 'ath') !== ath) return invalid('its "ath" is not the hash of the token');
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI_CHARACTERS) {
    return invalid('its "jti" is missing or too long');
  }
  return jti;
}

/** RFC 9449 §11.1. The key's thumbprint keeps one client from using up another's names. */
async function useUp(
  jti: string,
  { jkt, now, singleUse }: ProofContext,
): Promise<Refusal | undefined> {
  // Its `iat` may lie ahead of now by as much as behind.
  const expiresAt = now + 2 * MAX_AGE_SECONDS + 1;
  const first = await singleUse.claim(`dpop ${jkt}`, jti, expiresAt);
  return first ? undefined : invalid('it was used before');
}

/** RFC 9449 §4.3 step 9: without query and fragment, after normalisation. */
function sameUrl(htu: unknown, url: string): boolean {
  const claimed = typeof htu === 'string' ? URL.parse(htu) : null;
  const actual = URL.parse(url);
  if (claimed === null || actual === null) return false;
  if (claimed.username !== '' || claimed.password !== '') return false;
  return claimed.origin === actual.origin && claimed.pathname === actual.pathname;
}

function invalid(why: string, detail?: string): Refusal {
  return new Refusal('proof_invalid', `The DPoP proof is not valid: ${why}.`, {
    ...(detail !== undefined && { detail }),
  });
}
