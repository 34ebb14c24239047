import { Refusal } from '../errors.ts';
import { own } from './claims.ts';
import type { TokenHeader } from './header.ts';
import type { Claims, TokenKind } from './identity.ts';
import { show } from './show.ts';

/** A token that says what it is, and says so unmistakably. */
type Statement = TokenKind | Refusal | undefined;

export interface Kind {
  readonly kind: TokenKind;
  /** The token says so itself; else it is what its claims look like. */
  readonly stated: boolean;
}

/**
 * What a token is, as far as it tells (RFC 8725 §3.12, RFC 9068 §4).
 *
 * A plain statement decides: the header's `typ: at+jwt`, Cognito's `token_use`, Keycloak's `typ`
 * in the payload. Statements that contradict each other, or that name another kind of token
 * (refresh, logout, …), are a refusal. Without one, claims that only one kind carries decide; ID
 * token first, for an ID token shown as an access token is the likelier mix-up.
 */
export function kindOf(header: TokenHeader, claims: Claims): Kind | Refusal {
  const event = securityEvent(claims);
  if (event !== undefined) return refuseKind(`it is ${event}`);
  const statements = [
    header.accessToken ? 'access_token' : undefined,
    fromTokenUse(claims),
    fromPayloadTyp(claims),
  ] satisfies Statement[];
  let stated: TokenKind | undefined;
  for (const statement of statements) {
    if (statement === undefined) continue;
    if (statement instanceof Refusal) return statement;
    if (stated !== undefined && stated !== statement) {
      return refuseKind('it claims to be two kinds of token');
    }
    stated = statement;
  }
  return stated === undefined
    ? { kind: fromEvidence(claims), stated: false }
    : { kind: stated, stated: true };
}

/** Whether one of these claims is present, with any value. */
function hasAny(claims: Claims, names: readonly string[]): boolean {
  for (const name of names) if (own(claims, name) !== undefined) return true;
  return false;
}

/**
 * RFC 8417 §2.2; logout tokens (OIDC Back-Channel Logout §2.4) are the ones an issuer signs with the
 * same keys. Ory Hydra's have neither `exp` nor a type in the header.
 */
function securityEvent(claims: Claims): string | undefined {
  const events = own(claims, 'events');
  if (typeof events !== 'object' || events === null || Array.isArray(events)) return undefined;
  return Object.hasOwn(events, BACK_CHANNEL_LOGOUT) ? 'a logout token' : 'a security event token';
}

const BACK_CHANNEL_LOGOUT = 'http://schemas.openid.net/event/backchannel-logout';

/** Cognito: `id` or `access`. */
function fromTokenUse(claims: Claims): Statement {
  const use = own(claims, 'token_use');
  if (use === undefined) return undefined;
  if (use === 'id') return 'id_token';
  if (use === 'access') return 'access_token';
  return refuseKind(`its "token_use" is ${show(use)}`);
}

/** Keycloak: the header says `JWT` of everything, the payload says which (`DPoP` is its bound access token). */
function fromPayloadTyp(claims: Claims): Statement {
  const typ = own(claims, 'typ');
  if (typ === undefined || typ === 'JWT') return undefined;
  if (typ === 'Bearer' || typ === 'DPoP') return 'access_token';
  if (typ === 'ID') return 'id_token';
  const known = typeof typ === 'string' ? KEYCLOAK_OTHERS.get(typ) : undefined;
  return refuseKind(known === undefined ? `its "typ" is ${show(typ)}` : `it is ${known}`);
}

const KEYCLOAK_OTHERS: ReadonlyMap<string, string> = new Map([
  ['Logout', 'a logout token'],
  ['Refresh', 'a refresh token'],
  ['Offline', 'a refresh token'],
]);

/** OIDC Core §2, §3.1.3.6, §3.3.2.11: of use to a relying party only. Dex puts `at_hash` into its access tokens, too. */
const ID_TOKEN_CLAIMS = ['nonce', 'at_hash', 'c_hash', 's_hash'];

/**
 * RFC 9068 §2.2 (`client_id`, `scope`), Entra (`scp`, `appid`, and how the client authenticated:
 * `azpacr`, `appidacr`), Okta (`cid`, `scp`), Auth0 (`gty`).
 * `azp` is missing on purpose: Google's and Keycloak's ID tokens carry it too.
 */
const ACCESS_TOKEN_CLAIMS = [
  'scope',
  'scp',
  'client_id',
  'cid',
  'azpacr',
  'appidacr',
  'appid',
  'gty',
];

function fromEvidence(claims: Claims): TokenKind {
  if (hasAny(claims, ID_TOKEN_CLAIMS)) return 'id_token';
  if (hasAny(claims, ACCESS_TOKEN_CLAIMS)) return 'access_token';
  return 'jwt';
}

function refuseKind(why: string): Refusal {
  return new Refusal('token_kind_not_allowed', `The token is of a kind not accepted here: ${why}.`);
}
