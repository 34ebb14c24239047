import { hash } from 'node:crypto';
import { type Clock, unixSeconds } from '../clock.ts';
import { Refusal } from '../errors.ts';
import {
  checkAudience,
  checkExpiry,
  checkIssuedAt,
  checkKind,
  checkLifetime,
  checkNotBefore,
  checkRequired,
  checkTrustDomain,
  type Demands,
  malformed,
  missing,
  readTimes,
  readTokenId,
  type Times,
} from './checks.ts';
import { own } from './claims.ts';
import { boundKey, checkProof, type DpopProof, PROOF_MISSING, PROOF_UNWANTED } from './dpop.ts';
import { readHeader, type TokenHeader } from './header.ts';
import type { Claims, Identity, TokenKind } from './identity.ts';
import type { Algorithm } from './issuer.ts';
import type { Candidates } from './keys/key-index.ts';
import type { KeySet, Newer } from './keys/key-set.ts';
import { kindOf } from './kind.ts';
import { show } from './show.ts';
import { signatureHolds } from './signature.ts';
import type { HeldClaim, SingleUse } from './single-use.ts';
import { notTaken, TOKEN_REUSED } from './single-use-attempt.ts';
import { type SubjectRule, subjectOf } from './subject.ts';
import { type ParsedToken, parseToken } from './token.ts';

/** A configured issuer, made ready. */
export interface Issuer {
  readonly name: string;
  readonly algorithms: readonly Algorithm[];
  readonly demands: Demands;
  readonly subject: SubjectRule;
  readonly keys: KeySet;
}

export interface VerificationParts {
  /** By `iss`, byte for byte. */
  readonly issuers: ReadonlyMap<string, Issuer>;
  readonly clock: Clock;
  readonly singleUse: SingleUse;
  /** The largest token that is looked at, in bytes. */
  readonly tokenBytes: number;
}

/**
 * One token's way to an identity. When a reload replaces the verifier meanwhile, the token goes the
 * way once more with the new one; what was used up on the first is not used up again.
 */
export interface Passage {
  /** The proof of possession held, and is used up. */
  proved?: boolean;
  /** The token is used up or held, where it may be used once. */
  used?: boolean;
  /** Where it is answered later: such a token is held, and used when this is settled. Left out: used up at once. */
  readonly keep?: ((held: HeldClaim) => void) | undefined;
  /** Waits for an issuer's keys: only then does a token cost nothing but memory. */
  readonly waitApart?: WaitApart | undefined;
}

export type WaitApart = <T>(keys: Promise<T>) => Promise<T>;

/**
 * One subject token, from text to identity. Nothing is fetched before its `iss` is one that is
 * configured, nor for a token that its own claims already rule out; nothing is remembered of it
 * (a verified signature costs 20 µs, less than a cache of them would be worth).
 */
export function verifyToken(
  parts: VerificationParts,
  token: string,
  proof: DpopProof | undefined,
  passage: Passage,
): Identity | Refusal | Promise<Identity | Refusal> {
  const parsed = parseToken(token, parts.tokenBytes);
  if (parsed instanceof Refusal) return parsed;
  const header = readHeader(parsed.header);
  if (header instanceof Refusal) return header;
  const iss = readIss(parsed.payload);
  if (iss instanceof Refusal) return iss;
  const issuer = parts.issuers.get(iss);
  if (issuer === undefined) return issuerUnknown(iss);
  const now = unixSeconds(parts.clock);
  const said = checkClaims(issuer, header, parsed.payload, now);
  if (said instanceof Refusal) return said;

  const verification: Verification = {
    parts,
    token,
    proof,
    passage,
    parsed,
    header,
    iss,
    issuer,
    said,
    now,
  };
  const keys = issuer.keys.keys(header);
  return keys instanceof Promise
    ? apart(passage, keys).then((keys) => withKeys(verification, keys, true))
    : withKeys(verification, keys, false);
}

function apart<T>({ waitApart }: Passage, keys: Promise<T>): Promise<T> {
  return waitApart ? waitApart(keys) : keys;
}

/** RFC 8725 §3.8: the issuer decides which keys count, so it comes first and from the configuration only. */
function readIss(claims: Claims): string | Refusal {
  const iss = own(claims, 'iss');
  if (iss === undefined) return missing('iss');
  return typeof iss === 'string' ? iss : malformed('iss', 'is not a string');
}

function issuerUnknown(iss: string): Refusal {
  return new Refusal('issuer_unknown', `The token's issuer ${show(iss)} is not configured here.`);
}

/** What a token's claims say, once they have passed every check. True only if the signature holds. */
interface Said extends Times {
  readonly kind: TokenKind;
  readonly subject: string;
  /** Thumbprint of the key that the token is bound to. */
  readonly boundTo: string | undefined;
  /** What a token that may be used once is remembered by. */
  readonly tokenId: string | undefined;
}

function checkClaims(
  { algorithms, demands, subject: rule }: Issuer,
  header: TokenHeader,
  claims: Claims,
  now: number,
): Said | Refusal {
  if (!algorithms.includes(header.alg)) return algorithmNotAllowed(header.alg, algorithms);
  // Before the times: a token of another kind may have none, and what it is says more.
  const kind = kindOf(header, claims);
  if (kind instanceof Refusal) return kind;
  const times = readTimes(claims);
  if (times instanceof Refusal) return times;
  const refusal =
    checkExpiry(times, demands, now) ??
    checkNotBefore(times, demands, now) ??
    checkIssuedAt(times, demands, now) ??
    checkLifetime(times, demands) ??
    // Tokens of another kind name their audience elsewhere (Cognito): a kind that is stated comes first.
    (kind.stated ? checkKind(kind, demands) : undefined) ??
    checkAudience(claims, demands) ??
    checkKind(kind, demands) ??
    checkRequired(claims, demands) ??
    checkTrustDomain(claims, demands);
  if (refusal !== undefined) return refusal;
  const subject = subjectOf(claims, rule);
  if (subject instanceof Refusal) return subject;
  const boundTo = boundKey(claims);
  if (boundTo instanceof Refusal) return boundTo;
  const tokenId = readTokenId(claims, demands);
  if (tokenId instanceof Refusal) return tokenId;
  return { ...times, kind: kind.kind, subject, boundTo, tokenId };
}

function algorithmNotAllowed(alg: Algorithm, algorithms: readonly Algorithm[]): Refusal {
  return new Refusal(
    'algorithm_not_allowed',
    `The token is signed with ${alg}; from this issuer, only ${algorithms.join(', ')} is accepted. To accept it, add ${alg} to the issuer's algorithms (algorithms: [${alg}] alone would accept only that).`,
  );
}

interface Verification {
  readonly parts: VerificationParts;
  readonly token: string;
  readonly proof: DpopProof | undefined;
  readonly passage: Passage;
  readonly parsed: ParsedToken;
  readonly header: TokenHeader;
  readonly iss: string;
  readonly issuer: Issuer;
  readonly said: Said;
  /** Unix seconds. */
  readonly now: number;
}

/** `fetched`: these keys were waited for, so they are the newest. */
function withKeys(
  verification: Verification,
  keys: Candidates | Refusal,
  fetched: boolean,
): Identity | Refusal | Promise<Identity | Refusal> {
  if (keys instanceof Refusal) return keys;
  if (isSignedBy(keys, verification)) return signed(verification);
  if (fetched) return signatureInvalid(verification);
  const newer = verification.issuer.keys.newer(verification.header);
  return newer instanceof Promise
    ? apart(verification.passage, newer).then((newer) => withNewer(verification, newer))
    : signatureInvalid(verification, newer.retryAfterSeconds);
}

function isSignedBy(keys: Candidates, { parsed }: Verification): boolean {
  return keys.some((key) => signatureHolds(key, parsed.signingInput, parsed.signature));
}

function withNewer(verification: Verification, { keys }: Newer) {
  return keys === undefined ? signatureInvalid(verification) : withKeys(verification, keys, true);
}

function signed(verification: Verification): Identity | Promise<Identity | Refusal> {
  const { proof, said } = verification;
  if (said.boundTo !== undefined || proof !== undefined || said.tokenId !== undefined) {
    return possessedAndUnused(verification);
  }
  return identityOf(verification);
}

function signatureInvalid(
  { issuer: { name }, header: { alg, kid } }: Verification,
  retryAfterSeconds?: number,
): Refusal {
  return new Refusal(
    'signature_invalid',
    "The token's signature does not match its issuer's key.",
    {
      detail: `issuer ${name}, ${alg}, kid ${show(kid)}`,
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    },
  );
}

function identityOf({ token, parsed, iss, issuer, said }: Verification): Identity {
  return {
    issuerName: issuer.name,
    issuer: iss,
    subject: said.subject,
    kind: said.kind,
    claims: parsed.payload,
    issuedAt: Math.floor(said.issuedAt),
    expiresAt: Math.floor(said.expiresAt),
    tokenHash: tokenHash(token),
  };
}

/** SHA-256 in hexadecimal: how logs name a token without holding it. */
export function tokenHash(token: string): string {
  return hash('sha256', token, 'hex');
}

/**
 * What few tokens need. Single use comes last: a token that is refused for another reason is not used
 * up. One that is believed is, also when the policy then says no.
 */
async function possessedAndUnused(verification: Verification): Promise<Identity | Refusal> {
  try {
    const refusal = (await checkPossession(verification)) ?? (await useUp(verification));
    return refusal ?? identityOf(verification);
  } catch (fault) {
    return notTaken(fault);
  }
}

async function checkPossession(verification: Verification): Promise<Refusal | undefined> {
  const { parts, token, proof, passage, said, now } = verification;
  if (said.boundTo === undefined) return proof === undefined ? undefined : PROOF_UNWANTED;
  if (proof === undefined) return PROOF_MISSING;
  if (passage.proved) return undefined;
  const context = { proof, token, jkt: said.boundTo, now, singleUse: parts.singleUse };
  const refusal = await checkProof(context);
  passage.proved = refusal === undefined;
  return refusal;
}

async function useUp(verification: Verification): Promise<Refusal | undefined> {
  const { parts, passage, iss, issuer, said } = verification;
  if (said.tokenId === undefined || passage.used) return undefined;
  const expiresAt = said.expiresAt + issuer.demands.leewaySeconds;
  passage.used = await take(parts.singleUse, passage, [iss, said.tokenId, expiresAt]);
  return passage.used ? undefined : TOKEN_REUSED;
}

async function take(
  singleUse: SingleUse,
  { keep }: Passage,
  what: Parameters<SingleUse['hold']>,
): Promise<boolean> {
  if (!keep) return singleUse.claim(...what);
  const held = await singleUse.hold(...what);
  if (held) keep(held);
  return held !== undefined;
}
