import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { LoginSpec } from '../login-spec.ts';

/** How long a person may take at the issuer. */
export const ATTEMPT_SECONDS = 600;

/** A login in progress. The browser keeps it, sealed, until the issuer sends the browser back. */
const attempt = z.object({
  issuerName: z.string(),
  /** The issuer and client configured under that name when it began. */
  issuer: z.string(),
  clientId: z.string(),
  /** Ties the answer to this browser (RFC 6749 §10.12); valid once. */
  state: z.string(),
  /** Ties the ID token to this attempt (OIDC Core §3.1.2.1). */
  nonce: z.string(),
  /** Ties the code to this attempt (RFC 7636). */
  codeVerifier: z.string(),
  /** One of our paths. */
  returnTo: z.string(),
  /** Unix seconds. */
  endsAt: z.number(),
});

export type Attempt = Readonly<z.infer<typeof attempt>>;

export function newAttempt(
  { issuerName, issuer, clientId }: Pick<LoginSpec, 'issuerName' | 'issuer' | 'clientId'>,
  rest: Pick<Attempt, 'returnTo' | 'endsAt'>,
): Attempt {
  const secrets = { state: random(), nonce: random(), codeVerifier: random() };
  return { issuerName, issuer, clientId, ...rest, ...secrets };
}

/** Whether it began with this issuer and client; the name may refer to others by now. */
export function beganAt(attempt: Attempt, spec: Pick<LoginSpec, 'issuer' | 'clientId'>): boolean {
  return attempt.issuer === spec.issuer && attempt.clientId === spec.clientId;
}

/** Undefined if another release sealed it in another form. */
export function readAttempt(value: unknown): Attempt | undefined {
  return attempt.safeParse(value).data;
}

/** Names an attempt without revealing its `state`. */
export function attemptId(state: string): string {
  return createHash('sha256').update(state).digest('base64url').slice(0, 12);
}

/** 256 bits in 43 characters, the shortest PKCE verifier allowed (RFC 7636 §4.1). */
function random(): string {
  return randomBytes(32).toString('base64url');
}
