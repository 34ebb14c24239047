import type { FastifyRequest } from 'fastify';
import { Refusal } from '../../../errors.ts';
import type { Issued } from '../../../exchange.ts';
import type { HandedSession, Handover, Issue } from '../../../login/handovers.ts';
import { inboxPrefix } from '../../../policy/inbox.ts';
import { newPermissions } from '../../new-permissions.ts';
import type { PeopleDoors } from '../../people.ts';
import { ttlCapped } from '../../ttl-capped.ts';
import { callerOf, type GrantAnswer, refusedPerson } from './grant.ts';
import { nameOf } from '../name-of.ts';

/** What a code is redeemed for: the credential is there before the code is used up. */
export async function redeemed(
  doors: PeopleDoors,
  request: FastifyRequest,
  redeem: (issue: Issue) => Promise<Handover | Refusal>,
): Promise<GrantAnswer> {
  let answer: object = {};
  const handover = await redeem(async (handover) => {
    const issued = await credentialOf(doors, request, handover);
    if (issued instanceof Refusal) return issued;
    answer = await handedOver(doors, handover, issued);
    return undefined;
  });
  return handover instanceof Refusal ? refusedPerson(handover) : { answer };
}

/** The credential of a handover, by the way of every other: policy, revocations, record, signature. */
export function credentialOf(
  doors: PeopleDoors,
  request: FastifyRequest,
  {
    session: { identity },
    role,
    ttlSeconds,
    userPublicKey,
  }: Pick<Handover, 'session' | 'role' | 'ttlSeconds' | 'userPublicKey'>,
): Promise<Issued | Refusal> {
  return doors.exchange({
    door: 'login',
    ...callerOf(request),
    subject: { identity },
    ask: { role, ttlSeconds },
    userPublicKey,
    admit: (known) => doors.limitIdentity(request, known),
  });
}

/** What a program gets (RFC 6749 §5.1), with the token for its next credential. */
export async function handedOver(
  { people, live }: PeopleDoors,
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
    refresh_token: await people.handovers.refreshToken(handed),
    refresh_token_expires_in: Math.max(0, session.endsAt - credential.issuedAt),
    identity: {
      issuer: session.identity.issuer,
      subject: session.identity.subject,
      ...(name !== undefined && { name }),
    },
  };
}
