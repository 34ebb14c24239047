import { Refusal } from '../../../errors.ts';
import type { LoginDeps } from '../../deps.ts';
import { type Form, missing, text } from '../form.ts';
import { checkClient } from '../parameters.ts';
import { redeemCode, redeemDevice } from './codes.ts';
import type { GrantHandler } from './grant.ts';
import { refresh } from './refresh.ts';
import { TOKEN_EXCHANGE } from './token-exchange-request.ts';
import { exchangeToken } from './token-exchange.ts';

/** Grants of users who signed in here. */
const OF_PEOPLE: ReadonlyMap<string, GrantHandler> = new Map([
  ['authorization_code', redeemCode],
  ['urn:ietf:params:oauth:grant-type:device_code', redeemDevice],
  ['refresh_token', refresh],
]);

/** Supported values of `grant_type`, for the metadata. */
export function grantTypes({ logins }: Pick<LoginDeps['login'], 'logins'>): string[] {
  return logins.issuers().length === 0 ? [TOKEN_EXCHANGE] : [TOKEN_EXCHANGE, ...OF_PEOPLE.keys()];
}

/** The requested grant, if it is supported and the client may use it. */
export function grantOf(form: Form, login: LoginDeps['login']): GrantHandler | Refusal {
  const type = text(form, 'grant_type');
  if (type === undefined) return missing('grant_type');
  if (type === TOKEN_EXCHANGE) return exchangeToken;
  const types = grantTypes(login);
  const grant = types.includes(type) ? OF_PEOPLE.get(type) : undefined;
  if (grant) return checkClient(form) ?? grant;
  return new Refusal(
    'grant_type_unsupported',
    types.length === 1
      ? `The grant_type must be ${TOKEN_EXCHANGE}.`
      : `The grant_type must be one of ${types.join(', ')}.`,
  );
}
