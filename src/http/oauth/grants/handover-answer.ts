import type { FastifyRequest } from 'fastify';
import type { Refusal } from '../../../errors.ts';
import type { Issued } from '../../../exchange-request.ts';
import type { Identity } from '../../../identity/identity.ts';
import type { HandedSession, Handover } from '../../../login/handovers.ts';
import { inboxPrefix } from '../../../policy/inbox.ts';
import { newPermissions, ttlCapped } from '../../credential-answer.ts';
import type { LoginDeps } from '../../deps.ts';
import { callerOf } from './grant.ts';

/** Issues the credential of a handover like every other: policy, revocations, record, signature. */
export function credentialOf(
  deps: LoginDeps,
  request: FastifyRequest,
  {
    session: { identity },
    role,
    ttlSeconds,
    userPublicKey,
  }: Pick<Handover, 'session' | 'role' | 'ttlSeconds' | 'userPublicKey'>,
): Promise<Issued | Refusal> {
  return deps.exchange({
    door: 'login',
    ...callerOf(request),
    subject: { identity },
    ask: { role, ttlSeconds },
    userPublicKey,
    admit: (known) => deps.limitIdentity(request, known),
  });
}

/** The answer to the program (RFC 6749 §5.1), with the refresh token for its next credential. */
export async function handedOver(
  { login, live }: LoginDeps,
  handed: HandedSession & Pick<Handover, 'ttlSeconds'>,
  issued: Issued,
): Promise<object> {
  const { session } = handed;
  const { credential, grant } = issued;
  const name = nameOf(session.identity);
  return {
    access_token: credential.jwt,
    token_type: 'N_A',
    expires_in: credential.expiresAt - credential.issuedAt,
    ...ttlCapped(issued, handed.ttlSeconds),
    ...newPermissions(issued),
    scope: grant.role.name,
    account: credential.account,
    account_name: grant.role.account,
    servers: live().servers,
    inbox_prefix: inboxPrefix(grant.subscribe),
    refresh_token: await login.handovers.refreshToken(handed),
    refresh_token_expires_in: Math.max(0, session.endsAt - credential.issuedAt),
    identity: {
      issuer: session.identity.issuer,
      subject: session.identity.subject,
      ...(name !== undefined && { name }),
    },
  };
}

/** Enough to display. */
const MAX_NAME_CHARACTERS = 200;

/** The user's name at the provider (OIDC Core §5.1), for display: neither unique nor stable. */
export function nameOf({ claims }: Identity): string | undefined {
  const names = [claims['name'], claims['preferred_username'], claims['email']];
  const name = names.find((value) => typeof value === 'string' && value.trim() !== '');
  return typeof name === 'string' ? name.trim().slice(0, MAX_NAME_CHARACTERS) : undefined;
}
