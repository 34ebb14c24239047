import { Refusal } from '../../../errors.ts';
import type { UserPublicKey } from '../../../nats/nkeys.ts';
import type { Ask } from '../../../policy/policy.ts';
import type { Live } from '../../deps.ts';
import { type Form, invalid, missing, texts, trimmed } from '../form.ts';
import { parseNkey, parseRole, parseTtl } from '../parameters.ts';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const JWT_TYPE = 'urn:ietf:params:oauth:token-type:jwt';
/** The same answer as for `JWT_TYPE`, under the only name that some OAuth clients can request. */
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
/** Our own: the credential as a `.creds` file, for clients that can carry only one string. */
export const CREDS_TYPE = 'urn:nats-sts:token-type:creds';

const SUBJECT_TOKEN_TYPES: readonly string[] = [
  JWT_TYPE,
  'urn:ietf:params:oauth:token-type:id_token',
  ACCESS_TOKEN_TYPE,
];
const REQUESTED_TYPES = [JWT_TYPE, ACCESS_TOKEN_TYPE, CREDS_TYPE] as const;
const ACCOUNT_URN = 'urn:nats-sts:account:';

/** A token exchange request (RFC 8693 §2.1), read and checked. */
export interface TokenRequest {
  readonly subjectToken: string;
  readonly actorToken: string | undefined;
  readonly requestedType: (typeof REQUESTED_TYPES)[number];
  readonly ask: Ask;
  readonly userPublicKey: UserPublicKey | undefined;
}

/** `form` repeats only the parameters that RFC 8693 §2.1 allows: `audience` and `resource`. */
export function parseTokenRequest(form: Form, live: Live): TokenRequest | Refusal {
  const tokens = parseTokens(form);
  if (tokens instanceof Refusal) return tokens;
  const asked = trimmed(form, 'requested_token_type') ?? JWT_TYPE;
  const requestedType = REQUESTED_TYPES.find((type) => type === asked);
  if (requestedType === undefined) {
    return invalid(`The requested_token_type must be one of ${REQUESTED_TYPES.join(', ')}.`);
  }
  const ask = parseAsk(form, live);
  if (ask instanceof Refusal) return ask;
  const userPublicKey = parseNkey(form);
  if (userPublicKey instanceof Refusal) return userPublicKey;
  if (userPublicKey !== undefined && requestedType === CREDS_TYPE) {
    return invalid(
      'A .creds file contains the seed, which stays with you if you send your own nkey: leave out nkey, or request another token type.',
    );
  }
  return { ...tokens, requestedType, ask, userPublicKey };
}

function parseTokens(
  form: Form,
): { subjectToken: string; actorToken: string | undefined } | Refusal {
  const subjectToken = trimmed(form, 'subject_token');
  if (subjectToken === undefined) return missing('subject_token');
  const type = checkTokenType(form, 'subject_token_type');
  if (type) return type;
  const actorToken = trimmed(form, 'actor_token');
  if (actorToken === undefined) {
    if (trimmed(form, 'actor_token_type') === undefined) return { subjectToken, actorToken };
    return invalid('Send actor_token_type only with actor_token.');
  }
  return checkTokenType(form, 'actor_token_type') ?? { subjectToken, actorToken };
}

function checkTokenType(form: Form, name: string): Refusal | undefined {
  const type = trimmed(form, name);
  if (type === undefined) return missing(name);
  if (SUBJECT_TOKEN_TYPES.includes(type)) return undefined;
  return invalid(`The ${name} must be one of ${SUBJECT_TOKEN_TYPES.join(', ')}.`);
}

function parseAsk(form: Form, live: Live): Ask | Refusal {
  const role = parseRole(form);
  if (role instanceof Refusal) return role;
  const ttlSeconds = parseTtl(form);
  if (ttlSeconds instanceof Refusal) return ttlSeconds;
  const account = targetAccount(form, live);
  return account instanceof Refusal ? account : { role, account, ttlSeconds };
}

/** The account that `audience` and `resource` name. The policy refuses an unknown one. */
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
  if (named.size > 1) return target('audience and resource must name the same account.');
  return [...named][0];
}

function accountName(nameOrKey: string, { accounts }: Live): string {
  return accounts.find(({ publicKey }) => publicKey === nameOrKey)?.name ?? nameOrKey;
}

/** RFC 8693 §2.2.2: the requested target is not one of ours. */
function target(message: string): Refusal {
  return new Refusal('target_invalid', message);
}
