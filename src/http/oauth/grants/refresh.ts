import { Refusal } from '../../../errors.ts';
import { missing, trimmed } from '../form.ts';
import { parseRole, parseTtl, requireNkey } from '../parameters.ts';
import { callerOf, type GrantHandler, refusedPerson } from './grant.ts';
import { credentialOf, handedOver } from './handover-answer.ts';

/**
 * `grant_type=refresh_token` (RFC 6749 §6), for the role that was agreed to and no other.
 *
 * The token is used up last, when there is a credential to hand over: a role that is refused or a
 * service that is busy must not cost a person their session, as a token used twice does. Of several
 * who show it at once one gets the credential made for it; those of the others are dropped.
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
  'The person agreed to another role: for this one they have to be asked.',
);
