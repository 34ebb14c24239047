import { Refusal } from '../errors.ts';
import type { Ask } from '../policy/policy.ts';
import { parsePublicKey, type UserPublicKey } from '../nats/nkeys.ts';
import type { Live } from './doors.ts';

export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
/** Our own: the credential as a `.creds` file, for clients that can carry only one string. */
export const CREDS_TYPE = 'urn:nats-sts:token-type:creds';

const SUBJECT_TOKEN_TYPES: readonly string[] = [
  JWT_TYPE,
  'urn:ietf:params:oauth:token-type:id_token',
  'urn:ietf:params:oauth:token-type:access_token',
];
const ACCOUNT_URN = 'urn:nats-sts:account:';

/** A token exchange request (RFC 8693 §2.1), read and checked. */
export interface TokenRequest {
  readonly subjectToken: string;
  readonly actorToken: string | undefined;
  readonly requestedType: typeof JWT_TYPE | typeof CREDS_TYPE;
  readonly ask: Ask;
  readonly userPublicKey: UserPublicKey | undefined;
}

/** As at `/exchange`: what is asked for is recorded. */
const MAX_ROLE_CHARACTERS = 128;

type Form = Readonly<Record<string, unknown>>;
/** Parameters may not be repeated (RFC 6749 §3.2), but for these two (RFC 8693 §2.1). */
const REPEATABLE = new Set(['audience', 'resource']);

export function parseTokenRequest(body: unknown, live: Live): TokenRequest | Refusal {
  if (typeof body !== 'object' || body === null) return missing('grant_type');
  const form = body as Form;
  const repeated = Object.keys(form).find((n) => Array.isArray(form[n]) && !REPEATABLE.has(n));
  if (repeated !== undefined) {
    return new Refusal('parameter_repeated', `Send ${known(repeated)} only once.`);
  }
  const grantType = text(form, 'grant_type');
  if (grantType === undefined) return missing('grant_type');
  if (grantType !== GRANT_TYPE) {
    return new Refusal('grant_type_unsupported', `The grant_type must be ${GRANT_TYPE}.`);
  }
  const tokens = parseTokens(form);
  if (tokens instanceof Refusal) return tokens;
  const requestedType = text(form, 'requested_token_type') ?? JWT_TYPE;
  if (requestedType !== JWT_TYPE && requestedType !== CREDS_TYPE) {
    return invalid(`The requested_token_type must be ${JWT_TYPE} or ${CREDS_TYPE}.`);
  }
  const ask = parseAsk(form, live);
  if (ask instanceof Refusal) return ask;
  const nkey = text(form, 'nkey');
  const userPublicKey = nkey === undefined ? undefined : parsePublicKey('user', nkey);
  if (nkey !== undefined && !userPublicKey) {
    return new Refusal('nkey_invalid', 'The nkey is not a public user key (U…).');
  }
  if (nkey !== undefined && requestedType === CREDS_TYPE) {
    return invalid('A .creds file holds the seed, so it can not be had with an nkey of your own.');
  }
  return { ...tokens, requestedType, ask, userPublicKey };
}

function parseTokens(
  form: Form,
): { subjectToken: string; actorToken: string | undefined } | Refusal {
  const subjectToken = text(form, 'subject_token');
  if (subjectToken === undefined) return missing('subject_token');
  const type = checkTokenType(form, 'subject_token_type');
  if (type) return type;
  const actorToken = text(form, 'actor_token');
  if (actorToken === undefined) {
    if (text(form, 'actor_token_type') === undefined) return { subjectToken, actorToken };
    return invalid('actor_token_type is only allowed together with actor_token.');
  }
  return checkTokenType(form, 'actor_token_type') ?? { subjectToken, actorToken };
}

function checkTokenType(form: Form, name: string): Refusal | undefined {
  const type = text(form, name);
  if (type === undefined) return missing(name);
  if (SUBJECT_TOKEN_TYPES.includes(type)) return undefined;
  return invalid(`The ${name} must be one of ${SUBJECT_TOKEN_TYPES.join(', ')}.`);
}

function parseAsk(form: Form, live: Live): Ask | Refusal {
  const scope = text(form, 'scope');
  if (scope !== undefined && (scope.trim().includes(' ') || scope.length > MAX_ROLE_CHARACTERS)) {
    return new Refusal(
      'scope_invalid',
      'The scope must name one role: a credential carries one role.',
    );
  }
  const ttl = text(form, 'ttl');
  if (ttl !== undefined && !/^[1-9][0-9]{0,7}$/.test(ttl)) {
    return invalid('The ttl must be a whole number of seconds.');
  }
  const account = targetAccount(form, live);
  if (account instanceof Refusal) return account;
  return { role: scope?.trim(), account, ttlSeconds: ttl === undefined ? undefined : Number(ttl) };
}

/** The account that `audience` and `resource` name together; an unknown one is left to the policy to refuse. */
function targetAccount(form: Form, live: Live): string | Refusal | undefined {
  const named = new Set<string>();
  for (const audience of texts(form, 'audience')) named.add(accountName(audience, live));
  for (const resource of texts(form, 'resource')) {
    if (resource.startsWith(ACCOUNT_URN)) {
      named.add(accountName(resource.slice(ACCOUNT_URN.length), live));
    } else if (!live.servers.includes(resource)) {
      return target(
        `The resource must be a NATS server URL of this service or ${ACCOUNT_URN}NAME.`,
      );
    }
  }
  if (named.size > 1) return target('audience and resource must name one and the same account.');
  return [...named][0];
}

function accountName(nameOrKey: string, { accounts }: Live): string {
  return accounts.find(({ publicKey }) => publicKey === nameOrKey)?.name ?? nameOrKey;
}

/** A parameter's value; one without a value counts as left out (RFC 6749 §3.2). */
function text(form: Form, name: string): string | undefined {
  const value = Object.hasOwn(form, name) ? form[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function texts(form: Form, name: string): string[] {
  const value = Object.hasOwn(form, name) ? form[name] : undefined;
  return [value].flat().filter((v): v is string => typeof v === 'string' && v !== '');
}

function missing(name: string): Refusal {
  return new Refusal('parameter_missing', `The parameter ${name} is missing.`);
}

function invalid(message: string): Refusal {
  return new Refusal('parameter_invalid', message);
}

/** RFC 8693 §2.2.2: what is asked for is no target of ours. */
function target(message: string): Refusal {
  return new Refusal('target_invalid', message);
}

/** A stranger's parameter name is shown only when it is one of ours. */
function known(name: string): string {
  return /^[a-z_]{1,40}$/.test(name) ? name : 'each parameter';
}
