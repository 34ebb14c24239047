import type { FastifyRequest } from 'fastify';
import type { Refusal } from '../../../errors.ts';
import type { Caller } from '../../../login/session.ts';
import type { LoginDeps } from '../../deps.ts';
import { networkOf } from '../../../limits/network.ts';
import { addressOf } from '../../request/address.ts';
import type { OAuthAsk } from '../error.ts';
import type { Form } from '../form.ts';

/** What `/token` answers: the members of its JSON, or why not. */
export type GrantAnswer =
  | { readonly answer: object }
  | { readonly refusal: Refusal; readonly asked?: OAuthAsk };

/** One `grant_type` of `/token`. */
export type GrantHandler = (
  deps: LoginDeps,
  request: FastifyRequest,
  form: Form,
) => Promise<GrantAnswer>;

/** A refusal of a user's grant. */
export function refusedPerson(refusal: Refusal): GrantAnswer {
  return { refusal, asked: { person: true } };
}

export function callerOf(request: FastifyRequest): Caller {
  const address = addressOf(request);
  return { requestId: request.id, address, network: networkOf(address) };
}
