import type { FastifyRequest } from 'fastify';
import { Refusal } from '../../../errors.ts';
import type { Handover, Issue } from '../../../login/handovers.ts';
import type { LoginDeps } from '../../deps.ts';
import { missing, text, trimmed } from '../form.ts';
import { callerOf, type GrantAnswer, type GrantHandler, refusedPerson } from './grant.ts';
import { credentialOf, handedOver } from './handover-answer.ts';

/** `grant_type=authorization_code` (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export const redeemCode: GrantHandler = async (deps, request, form) => {
  const code = trimmed(form, 'code');
  if (code === undefined) return refusedPerson(missing('code'));
  const redirectUri = text(form, 'redirect_uri');
  if (redirectUri === undefined) return refusedPerson(missing('redirect_uri'));
  const codeVerifier = trimmed(form, 'code_verifier');
  if (codeVerifier === undefined) return refusedPerson(missing('code_verifier'));

  const { handovers } = deps.login;
  const proof = { code, redirectUri, codeVerifier };
  return redeemed(deps, request, (issue) => handovers.redeemCode(proof, callerOf(request), issue));
};

/** `grant_type=urn:ietf:params:oauth:grant-type:device_code`: a device polls for the user's decision (RFC 8628 §3.4). */
export const redeemDevice: GrantHandler = async (deps, request, form) => {
  const deviceCode = trimmed(form, 'device_code');
  if (deviceCode === undefined) return refusedPerson(missing('device_code'));

  return redeemed(deps, request, (issue) =>
    deps.login.handovers.redeemDevice(deviceCode, callerOf(request), issue),
  );
};

/** Redeems a code. The credential exists before the code is used up. */
async function redeemed(
  deps: LoginDeps,
  request: FastifyRequest,
  redeem: (issue: Issue) => Promise<Handover | Refusal>,
): Promise<GrantAnswer> {
  let answer: object = {};
  const handover = await redeem(async (handover) => {
    const issued = await credentialOf(deps, request, handover);
    if (issued instanceof Refusal) return issued;
    answer = await handedOver(deps, handover, issued);
    return undefined;
  });
  return handover instanceof Refusal ? refusedPerson(handover) : { answer };
}
