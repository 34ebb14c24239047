import { Refusal } from '../../../errors.ts';
import type { Issued } from '../../../exchange-request.ts';
import { inboxPrefix } from '../../../policy/inbox.ts';
import { newPermissions, ttlCapped } from '../../credential-answer.ts';
import { dpopProof } from '../../request/subject-token.ts';
import { callerOf, type GrantHandler } from './grant.ts';
import {
  ACCESS_TOKEN_TYPE,
  CREDS_TYPE,
  parseTokenRequest,
  type TokenRequest,
} from './token-exchange-request.ts';

/** OAuth 2.0 Token Exchange (RFC 8693). */
export const exchangeToken: GrantHandler = async (deps, request, form) => {
  const live = deps.live();
  const asked = parseTokenRequest(form, live);
  if (asked instanceof Refusal) return { refusal: asked };

  const issued = await deps.exchange({
    door: 'token',
    ...callerOf(request),
    subject: { token: asked.subjectToken, proof: dpopProof(request, live.publicUrl) },
    actorToken: asked.actorToken,
    ask: asked.ask,
    userPublicKey: asked.userPublicKey,
    admit: (identity) => deps.limitIdentity(request, identity),
  });
  if (!(issued instanceof Refusal)) return { answer: response(asked, issued, deps.live().servers) };
  const { role, account } = asked.ask;
  return { refusal: issued, asked: { scope: role !== undefined, target: account !== undefined } };
};

function response(
  { requestedType, ask }: TokenRequest,
  issued: Issued,
  servers: readonly string[],
) {
  const { credential, grant } = issued;
  const whole = requestedType === CREDS_TYPE;
  return {
    access_token: whole ? credential.creds : credential.jwt,
    issued_token_type: requestedType,
    // N_A is for what is not called an access token (RFC 8693 §2.2.1); clients that ask for one take Bearer only.
    token_type: requestedType === ACCESS_TOKEN_TYPE ? 'Bearer' : 'N_A',
    expires_in: credential.expiresAt - credential.issuedAt,
    ...ttlCapped(issued, ask.ttlSeconds),
    ...newPermissions(issued),
    scope: grant.role.name,
    seed: whole ? undefined : credential.seed,
    account: credential.account,
    servers,
    inbox_prefix: inboxPrefix(grant.subscribe),
  };
}
