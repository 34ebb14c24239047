import { Refusal } from '../errors.ts';
import type { CalloutRequest } from '../nats/callout/request.ts';

/** What a client presented: its token, and the role that it asks for. */
export interface Presented {
  readonly token: string;
  readonly role: string | undefined;
}

const ROLE = /^role:([^:]*)(?::([^]*))?$/;
/** Names as the configuration has them. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,63}$/;

/**
 * Finds the token and the role in what a client sent with CONNECT. The token is in the first of these
 * places that is not empty: `auth_token` (also the cookie `token_cookie`), the password, `jwt` (also the
 * cookie `jwt_cookie`). Places that disagree are refused: another reader might prefer the other one.
 *
 * MQTT puts its password into `pass` and again into `auth_token`, and a NATS JWT in `jwt` is the sentinel.
 * `role:NAME:` may come before the token; the user name is or has the role, too.
 */
export function presented(
  { jwt, authToken, user, password }: CalloutRequest['sent'],
  { userName }: { readonly userName: 'role' | 'any' },
): Presented | Refusal {
  const [first, ...others] = [authToken, password, isNatsJwt(jwt) ? '' : jwt]
    .map((text) => text.trim())
    .filter((text) => text !== '');
  if (first === undefined) return MISSING;
  if (others.some((other) => other !== first)) return TOKENS_DIFFER;
  const credential = credentialIn(first);
  if (credential instanceof Refusal) return credential;
  const asked = roleIn(user, userName);
  if (asked instanceof Refusal) return asked;
  const { token, role } = credential;
  if (role !== undefined && asked !== undefined && role !== asked) return ROLES_DIFFER;
  return { token, role: role ?? asked };
}

function credentialIn(text: string): Presented | Refusal {
  if (!text.startsWith('role:')) return { token: text, role: undefined };
  const [, role = '', token] = ROLE.exec(text) ?? [];
  if (token === undefined || token === '') return MISSING;
  return NAME.test(role) ? { token, role } : ROLE_INVALID;
}

function roleIn(user: string, userName: 'role' | 'any'): string | undefined | Refusal {
  if (user === '') return undefined;
  const role = user.startsWith('role:') ? user.slice('role:'.length) : undefined;
  if (role === undefined && userName === 'any') return undefined;
  const name = role ?? user;
  return NAME.test(name) ? name : ROLE_INVALID;
}

/** By its header: `ed25519-nkey` is no algorithm of any OIDC token. */
function isNatsJwt(jwt: string): boolean {
  const [header = ''] = jwt.split('.', 1);
  try {
    const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg?: unknown };
    return alg === 'ed25519-nkey' || alg === 'ed25519';
  } catch {
    return false;
  }
}

const MISSING = new Refusal(
  'token_missing',
  'Connect with the token as auth_token or as the password.',
);
const TOKENS_DIFFER = new Refusal(
  'parameter_repeated',
  'The CONNECT has different tokens in auth_token, the password or jwt: send one.',
);
const ROLES_DIFFER = new Refusal(
  'parameter_repeated',
  'The user name and the prefix of the token ask for different roles: ask for one.',
);
const ROLE_INVALID = new Refusal(
  'parameter_invalid',
  'The user name or the prefix of the token is not the name of a role: write role:NAME.',
);
