import { z } from 'zod';
import { Refusal } from '../../errors.ts';
import type { Identity } from '../../identity/identity.ts';
import { parseToken } from '../../identity/token.ts';
import { tokenHash } from '../../identity/verify-token.ts';
import type { Session } from '../session.ts';
import { notAfter } from './start-session.ts';

/**
 * The sealed part of a session. Claims are read from the ID token again when it opens. The token is stored
 * with its payload decoded, because that compresses to half the size of base64url.
 */
const sealedSession = z.object({
  id: z.string(),
  parent: z.string().optional(),
  issuerName: z.string(),
  subject: z.string(),
  kind: z.enum(['id_token', 'access_token', 'jwt']),
  header: z.string(),
  payload: z.string(),
  signature: z.string(),
  startedAt: z.number(),
  endsAt: z.number(),
});

type SealedSession = z.infer<typeof sealedSession>;

/** No sealed token is larger. */
const MAX_TOKEN_BYTES = 256 * 1024;

export function packSession({
  id,
  parent,
  identity,
  idToken,
  startedAt,
  endsAt,
}: Session): SealedSession {
  const { issuerName, subject, kind } = identity;
  const [header = '', payload = '', signature = ''] = idToken.split('.');
  return {
    id,
    ...(parent !== undefined && { parent }),
    issuerName,
    subject,
    kind,
    header,
    // The verifier accepted the token, so its parts are canonical base64url of valid UTF-8: nothing is lost.
    payload: Buffer.from(payload, 'base64url').toString('utf8'),
    signature,
    startedAt,
    endsAt,
  };
}

/** Undefined if another release packed it in another form; the person signs in again. */
export function unpackSession(value: unknown): Session | undefined {
  const read = sealedSession.safeParse(value);
  if (!read.success) return undefined;
  const { id, parent, header, payload, signature, startedAt, endsAt } = read.data;
  const idToken = `${header}.${Buffer.from(payload, 'utf8').toString('base64url')}.${signature}`;
  const identity = identityOf(idToken, read.data);
  if (identity === undefined) return undefined;
  return { id, ...(parent !== undefined && { parent }), identity, idToken, startedAt, endsAt };
}

/** No signature check: the login did that, and only we can seal. */
function identityOf(
  idToken: string,
  { issuerName, subject, kind, startedAt }: SealedSession,
): Identity | undefined {
  const parsed = parseToken(idToken, MAX_TOKEN_BYTES);
  if (parsed instanceof Refusal) return undefined;
  const { payload: claims } = parsed;
  const { iss: issuer, iat, exp } = claims;
  if (typeof issuer !== 'string' || typeof iat !== 'number' || typeof exp !== 'number') {
    return undefined;
  }
  return {
    issuerName,
    issuer,
    subject,
    kind,
    claims,
    issuedAt: notAfter(startedAt, Math.floor(iat)),
    expiresAt: Math.floor(exp),
    tokenHash: tokenHash(idToken),
  };
}
