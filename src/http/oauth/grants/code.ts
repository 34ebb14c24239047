import { missing, text, trimmed } from '../form.ts';
import { callerOf, type GrantHandler, refusedPerson } from './grant.ts';
import { redeemed } from './handover-answer.ts';

/** `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export const redeemCode: GrantHandler = async (doors, request, form) => {
  const code = trimmed(form, 'code');
  if (code === undefined) return refusedPerson(missing('code'));
  const redirectUri = text(form, 'redirect_uri');
  if (redirectUri === undefined) return refusedPerson(missing('redirect_uri'));
  const codeVerifier = trimmed(form, 'code_verifier');
  if (codeVerifier === undefined) return refusedPerson(missing('code_verifier'));

  const { handovers } = doors.people;
  const proof = { code, redirectUri, codeVerifier };
  return redeemed(doors, request, (issue) => handovers.redeemCode(proof, callerOf(request), issue));
};
