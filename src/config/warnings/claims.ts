import type { MatchValue } from '../../policy/match/grammar.ts';
import { claimOf, type Hint, narrows, perBinding, perIssuer, valuesOf } from './pitfall.ts';

const CHANGING = [
  'preferred_username',
  'name',
  'upn',
  'unique_name',
  'login',
  'nickname',
  'given_name',
  'family_name',
  'user_login',
  'actor',
];

/** `mutable-claim` */
export const mutableClaim = perBinding((binding) => {
  const found = CHANGING.filter((claim) => narrows(binding, [claim]));
  if (found.length === 0) return undefined;
  return `${found.join(', ')} can be changed, or taken over by someone else: bind on a stable ID (sub, oid, …), a role, or a group instead`;
});

/** `okta-login-name` */
export const oktaLoginName = perBinding((binding) => {
  const { provider, source } = binding;
  const onlyIdTokens = source.spec.kinds.every((kind) => kind === 'id_token');
  if (provider !== 'okta' || onlyIdTokens || !narrows(binding, ['sub'])) return undefined;
  return "sub of an Okta access token is the login name, which can change: bind on uid (or cid, for a client's own token)";
});

/** `keycloak-any-client` */
export const keycloakAnyClient = perBinding((binding) => {
  const { spec } = binding.source;
  const ofKeycloak =
    binding.provider === 'keycloak' || /\/realms\/[^/]+$/.test(spec.issuers[0] ?? '');
  const takesAccessTokens = spec.kinds.includes('access_token');
  if (!ofKeycloak || !takesAccessTokens || narrows(binding, ['azp', 'client_id'])) return undefined;
  return 'accepts tokens of every client of the realm, because Keycloak adds a client to aud for everyone with a role of it: add azp: CLIENT, or a list of clients';
});

/** `email-binding` */
export const emailBinding = perBinding((binding) =>
  narrows(binding, ['email', 'user_email'])
    ? 'an email address can be reassigned: prefer a stable ID such as sub; email matches only with email_verified: true'
    : undefined,
);

/** `cognito-custom-attribute` */
export const cognitoCustomAttribute = perBinding(({ provider, match, when }) => {
  const named = [...Object.keys(match).map(claimOf), when ?? ''];
  if (provider !== 'cognito' || !named.some((text) => text.includes('custom:'))) return undefined;
  return 'users may be able to change attributes custom:…: make sure that no app client can write them, or bind on cognito:groups';
});

/** `claim-name-with-dots` */
export const claimNameWithDots = perBinding(({ match, path }) =>
  Object.keys(match)
    .filter((key) => !key.startsWith('/') && !key.includes('://') && /\w[./]\w/.test(key))
    .map((key) => ({
      path: `${path}.match.${key}`,
      message: `is read as the name of one claim: for a claim inside another, write ${pointerFor(key)}`,
    })),
);

/** `realm_access.roles` → `/realm_access/roles`; the dot in `kubernetes.io` is part of the name. */
function pointerFor(key: string): string {
  const dotted = /^kubernetes\.io/.exec(key)?.[0] ?? '';
  return `/${dotted}${key.slice(dotted.length).replaceAll('.', '/')}`;
}

/** A letter or digit, a bare dot, and what looks like the next part of a host name. */
const BARE_DOT = /(?:^|[^\\])(?:\\\\)*[A-Za-z0-9_-]\.[A-Za-z]{2}/;

/** `regex-bare-dot` */
export const regexBareDot = perBinding(({ match, path }) =>
  Object.entries(match).flatMap(([key, spec]): Hint[] =>
    valuesOf(spec).some(hasBareDot)
      ? [
          {
            path: `${path}.match.${key}`,
            message:
              'a dot in a regex matches any character: write \\. for the dot of a host or address',
          },
        ]
      : [],
  ),
);

function hasBareDot(value: MatchValue): boolean {
  if (typeof value !== 'object') return false;
  if ('not' in value) return valuesOf(value.not).some(hasBareDot);
  return 'regex' in value && BARE_DOT.test(value.regex);
}

/** `literal-star` */
export const literalStar = perBinding(({ match, path }) =>
  Object.entries(match).flatMap(([key, spec]): Hint[] => {
    const text = valuesOf(spec)
      .flatMap(textsOf)
      .find((text) => text.includes('*'));
    if (text === undefined) return [];
    const glob = `{ glob: ${JSON.stringify(text)} }`;
    return [
      {
        path: `${path}.match.${key}`,
        message: `${JSON.stringify(text)} is compared literally, including the *: write ${glob} for a pattern`,
      },
    ];
  }),
);

function textsOf(value: MatchValue): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && 'not' in value ? valuesOf(value.not).flatMap(textsOf) : [];
}

/** Long names of claims that tokens carry by a short one (RFC 7519 §4.1). */
const SHORT_NAMES = new Map([
  ['subject', 'sub'],
  ['issuer', 'iss'],
  ['audience', 'aud'],
]);

/** `claim-long-name` */
export const claimLongName = perBinding(({ match, path }) =>
  Object.keys(match).flatMap((key): Hint[] => {
    const short = SHORT_NAMES.get(claimOf(key));
    if (short === undefined) return [];
    const message = `never matches, because tokens call this claim ${short}: write ${short}`;
    return [{ path: `${path}.match.${key}`, message }];
  }),
);

/** `entra-audience` */
export const entraAudience = perIssuer(({ preset, spec }) => {
  const hasClientId = spec.audiences.some((audience) => /^[0-9a-f-]{36}$/.test(audience));
  if (preset !== 'entra' || hasClientId) return undefined;
  return 'version 2 tokens have the client ID of your application as audience: add it to the list (audience: [api://…, <client id>])';
});

/** `spiffe-trust-domain` */
export const spiffeTrustDomain = perBinding(({ source: { trustDomain }, match, path }) => {
  if (trustDomain === undefined) return undefined;
  const { sub } = match;
  if (sub === undefined) {
    return `does not say which SPIFFE IDs match: add sub: spiffe://${trustDomain}/…`;
  }
  const outside = valuesOf(sub).some((value) => {
    const text = typeof value === 'object' && 'glob' in value ? value.glob : value;
    return typeof text === 'string' && !text.startsWith(`spiffe://${trustDomain}/`);
  });
  if (!outside) return undefined;
  return {
    path: `${path}.match.sub`,
    message: `is outside the trust domain: write a SPIFFE ID in spiffe://${trustDomain}/`,
  };
});
