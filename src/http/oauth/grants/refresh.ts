import { Refusal } from '../../../errors.ts';
import { missing, trimmed } from '../form.ts';
import { parseRole, parseTtl, requireNkey } from '../parameters.ts';
import { callerOf, type GrantHandler, refusedPerson } from './grant.ts';
import { credentialOf, handedOver } from './handover-answer.ts';

/**
 * `grant_type=refresh_token` (RFC 6749 §6), only for the role that the user agreed to.
 *
 * The token is used up last, once there is a credential: a refused role or a busy service must not
 * end the user's session, as using a token twice does. If several requests send it at once, one gets
 * its credential; the credentials of the others are dropped.
 */
export const refresh: GrantHandler = async (deps, request, form) => {
  const token = trimmed(form, 'refresh_token');
  if (token === undefined) return refusedPerson(missing('refresh_token'));
  const userPublicKey = requireNkey(form);
  if (userPublicKey instanceof Refusal) return refusedPerson(userPublicKey);
  const role = parseRole(form);
  if (role instanceof Refusal) return refusedPerson(role);
  const ttlSeconds = parseTtl(form);
  if (ttlSeconds instanceof Refusal) return refusedPerson(ttlSeconds);

  const { handovers } = deps.login;
  const caller = callerOf(request);
  const handed = await handovers.introspect(token, caller);
  if (handed instanceof Refusal) return refusedPerson(handed);
  if (role !== undefined && role !== handed.role) return refusedPerson(OTHER_ROLE);
  const issued = await credentialOf(deps, request, { ...handed, ttlSeconds, userPublicKey });
  if (issued instanceof Refusal) return refusedPerson(issued);
  const redeemed = await handovers.redeemRefreshToken(token, caller);
  if (redeemed instanceof Refusal) return refusedPerson(redeemed);
  return { answer: await handedOver(deps, { ...redeemed, ttlSeconds }, issued) };
};

const OTHER_ROLE = new Refusal(
  'scope_invalid',
  'The user agreed to another role: start a new login to request this one.',
);
