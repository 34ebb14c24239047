import { Refusal } from '../errors.ts';
import { type ClaimPath, lookUp, own, parseClaimPath } from './claims.ts';
import type { Claims, Json, TokenKind } from './identity.ts';
import type { IssuerSpec } from './issuer.ts';
import type { Kind } from './kind.ts';
import { isLightweight, LIGHTWEIGHT } from './keycloak-lightweight.ts';
import { settingOf, show, showAll, showSeconds } from './show.ts';

/** An issuer's demands on claims, made ready once. */
export interface Demands {
  readonly audienceClaim: IssuerSpec['audienceClaim'];
  readonly audiences: readonly string[];
  readonly kinds: readonly TokenKind[];
  readonly require: readonly Requirement[];
  readonly leewaySeconds: number;
  readonly maxTokenLifetimeSeconds: number;
  readonly singleUse: boolean;
  readonly trustDomain: string | undefined;
}

interface Requirement {
  readonly name: string;
  readonly path: ClaimPath;
  readonly values: readonly string[];
}

export function demandsOf(spec: IssuerSpec): Demands {
  return {
    audienceClaim: spec.audienceClaim,
    audiences: spec.audiences,
    kinds: spec.kinds,
    require: Object.entries(spec.require).map(([name, values]) => ({
      name,
      path: parseClaimPath(name),
      values,
    })),
    leewaySeconds: spec.leewaySeconds,
    maxTokenLifetimeSeconds: spec.maxTokenLifetimeSeconds,
    singleUse: spec.singleUse,
    trustDomain: spec.trustDomain,
  };
}

/** The three times of a token, in Unix seconds as in the token (RFC 7519 §2 allows fractions). */
export interface Times {
  readonly expiresAt: number;
  readonly issuedAt: number;
  readonly notBefore: number | undefined;
}

/**
 * `exp` and `iat` must be there: RFC 7519 leaves both out of what is required, and a token that
 * never ends or never began can't be bounded.
 */
export function readTimes(claims: Claims): Times | Refusal {
  const expiresAt = own(claims, 'exp');
  const issuedAt = own(claims, 'iat');
  const notBefore = own(claims, 'nbf');
  if (expiresAt === undefined) return missing('exp');
  if (issuedAt === undefined) return missing('iat');
  if (!isTime(expiresAt)) return notATime('exp');
  if (!isTime(issuedAt)) return notATime('iat');
  if (notBefore !== undefined && !isTime(notBefore)) return notATime('nbf');
  return { expiresAt, issuedAt, notBefore };
}

function isTime(value: Json): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** RFC 7519 §4.1.4: on and after `exp` the token has expired. `now` in Unix seconds, here and below. */
export function checkExpiry(
  times: Times,
  { leewaySeconds }: Demands,
  now: number,
): Refusal | undefined {
  const ago = now - times.expiresAt;
  if (ago < leewaySeconds) return undefined;
  return new Refusal('token_expired', `The token expired ${showSeconds(ago)} ago.`, {
    detail: `exp ${times.expiresAt}, now ${now}, leeway ${leewaySeconds} s`,
  });
}

/** RFC 7519 §4.1.5. */
export function checkNotBefore(
  times: Times,
  { leewaySeconds }: Demands,
  now: number,
): Refusal | undefined {
  const ahead = (times.notBefore ?? now) - now;
  if (ahead <= leewaySeconds) return undefined;
  return new Refusal(
    'token_not_yet_valid',
    `The token becomes valid in ${showSeconds(ahead)}. Wait, or check the clocks of its issuer and this service.`,
    { detail: `nbf ${times.notBefore}, now ${now}, leeway ${leewaySeconds} s` },
  );
}

/** A token from the future says that one of two clocks is wrong, and lifetimes mean nothing then. */
export function checkIssuedAt(
  times: Times,
  { leewaySeconds }: Demands,
  now: number,
): Refusal | undefined {
  const ahead = times.issuedAt - now;
  if (ahead <= leewaySeconds) return undefined;
  return new Refusal(
    'token_not_yet_valid',
    `The token was issued ${showSeconds(ahead)} in the future. Check the clocks of its issuer and this service.`,
    { detail: `iat ${times.issuedAt}, now ${now}, leeway ${leewaySeconds} s` },
  );
}

/** What a leaked token is worth ends here, however long its issuer would let it live. */
export function checkLifetime(
  times: Times,
  { maxTokenLifetimeSeconds: max }: Demands,
): Refusal | undefined {
  const lifetime = times.expiresAt - times.issuedAt;
  if (lifetime <= max) return undefined;
  return new Refusal(
    'token_lifetime_too_long',
    `The lifetime of the token is ${showSeconds(lifetime)}; at most ${showSeconds(max)} is accepted. Have the issuer shorten it, or write maxTokenLifetime: ${settingOf(lifetime)} for this issuer.`,
    { detail: `exp - iat = ${lifetime} s, maxTokenLifetime ${max} s` },
  );
}

/** RFC 7519 §4.1.3, RFC 8725 §3.9: the token must be meant for us, byte for byte. */
export function checkAudience(
  claims: Claims,
  { audienceClaim: name, audiences }: Demands,
): Refusal | undefined {
  const value = own(claims, name);
  if (value === undefined)
    return forNobody('claim_missing', ` has no "${name}" claim`, claims, audiences);
  const meantFor = name === 'aud' && Array.isArray(value) ? value : [value];
  if (!meantFor.every((entry) => typeof entry === 'string')) {
    return malformed(
      name,
      name === 'aud' ? 'is neither a string nor a list of strings' : 'is not a string',
    );
  }
  if (meantFor.every((entry) => entry === '')) {
    return forNobody('audience_mismatch', `'s "${name}" is empty`, claims, audiences);
  }
  if (meantFor.some((entry) => audiences.includes(entry))) return undefined;
  return new Refusal(
    'audience_mismatch',
    `The token is for ${showAll(meantFor)}, but this service accepts only tokens for ${showAll(audiences)}.`,
  );
}

/** Some providers put none in that nobody asked for (Ory Hydra: `aud: []`). */
function forNobody(
  reason: 'claim_missing' | 'audience_mismatch',
  what: string,
  claims: Claims,
  audiences: readonly string[],
): Refusal {
  const how = isLightweight(claims)
    ? LIGHTWEIGHT
    : `ask the issuer for a token with audience=${show(audiences[0]).slice(1, -1)}, or configure the issuer to add it`;
  return new Refusal(
    reason,
    `The token${what}, so it is meant for nobody; this service accepts tokens for ${showAll(audiences)}: ${how}.`,
    { detail: "compare with the issuer's audience setting" },
  );
}

export function checkKind({ kind, stated }: Kind, { kinds }: Demands): Refusal | undefined {
  if (kinds.includes(kind)) return undefined;
  const what = stated || kind === 'jwt' ? 'is' : 'looks like';
  return new Refusal(
    'token_kind_not_allowed',
    `The token ${what} ${KIND_NAMES[kind]}, but from this issuer only ${kinds.map((k) => KIND_NAMES[k]).join(' or ')} is accepted. To accept it, add ${kind} to the issuer's kinds (kinds: [${kind}] alone would accept only that).`,
    { detail: stated ? 'it says so itself' : 'it does not say what it is: judged by its claims' },
  );
}

const KIND_NAMES: Readonly<Record<TokenKind, string>> = {
  id_token: 'an ID token',
  access_token: 'an access token',
  jwt: 'a JWT that is marked as neither an ID token nor an access token',
};

/** Claims that the issuer's configuration pins to certain strings: `token_use`, `tid`, `hd`. */
export function checkRequired(claims: Claims, { require }: Demands): Refusal | undefined {
  for (const { name, path, values } of require) {
    const value = lookUp(claims, path);
    if (value === undefined) return missing(name);
    if (typeof value !== 'string') return malformed(name, 'is not a string');
    if (!values.includes(value)) return notRequired(name, value, values);
  }
  return undefined;
}

/** SPIFFE-ID §2: the trust domain is all of the ID's authority, compared whole. */
export function checkTrustDomain(claims: Claims, { trustDomain }: Demands): Refusal | undefined {
  if (trustDomain === undefined) return undefined;
  const sub = own(claims, 'sub');
  if (typeof sub === 'string' && sub.startsWith(`spiffe://${trustDomain}/`)) return undefined;
  return new Refusal(
    'tenant_not_allowed',
    `The token's "sub" is not a SPIFFE ID of the trust domain ${trustDomain}.`,
  );
}

function notRequired(name: string, value: string, values: readonly string[]): Refusal {
  const detail = `${show(name)} must be one of ${showAll(values)}`;
  const message = `The token's ${show(name)} is ${show(value)}, which is not accepted here.`;
  if (TENANT_CLAIMS.has(name)) return new Refusal('tenant_not_allowed', message, { detail });
  if (KIND_CLAIMS.has(name)) return new Refusal('token_kind_not_allowed', message, { detail });
  return new Refusal('claim_malformed', message, { detail });
}

/** Entra's tenant, Google Workspace's domain, Auth0's organization. */
const TENANT_CLAIMS: ReadonlySet<string> = new Set(['tid', 'hd', 'org_id']);
const KIND_CLAIMS: ReadonlySet<string> = new Set(['token_use', 'typ']);

const MAX_TOKEN_ID_CHARACTERS = 256;

/** What is to be used once must have a name to be remembered by (RFC 7519 §4.1.7); undefined where any number of uses is fine. */
export function readTokenId(claims: Claims, { singleUse }: Demands): string | undefined | Refusal {
  if (!singleUse) return undefined;
  const jti = own(claims, 'jti');
  if (jti === undefined) return missing('jti');
  const proper = typeof jti === 'string' && jti !== '' && jti.length <= MAX_TOKEN_ID_CHARACTERS;
  return proper ? jti : malformed('jti', 'is not a valid token ID');
}

export function missing(name: string): Refusal {
  return new Refusal('claim_missing', `The token has no ${show(name)} claim.`);
}

export function malformed(name: string, what: string): Refusal {
  return new Refusal('claim_malformed', `The token's ${show(name)} claim ${what}.`);
}

function notATime(name: string): Refusal {
  return malformed(name, 'is not a number of seconds');
}
