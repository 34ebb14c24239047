import { DAY, issuerUrl } from './options.ts';
import { definePreset } from './preset.ts';

/** Any OpenID provider or OAuth 2.0 server with JWT access tokens that has no preset of its own. */
export const plain = definePreset({
  id: undefined,
  title: 'Any other issuer',
  options: {
    issuer: issuerUrl('URL of the issuer, byte for byte as in the `iss` of its tokens.'),
  },
  facts: ({ issuer }) => ({
    issuers: [issuer],
    algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'],
    kinds: ['id_token', 'access_token', 'jwt'],
    maxTokenLifetimeSeconds: DAY,
  }),
  doc: {
    about:
      "Any issuer with OIDC discovery (`ISSUER/.well-known/openid-configuration`), or with its keys given as `jwksUri` or `jwks`. Without `kinds`, every kind of token is accepted: set it if the provider's tokens reveal their kind (see below).",
    claims: 'As the provider documents them.',
    pitfalls: [
      'nats-sts compares the issuer byte for byte: a trailing slash matters.',
      'Plain http works only for loopback hosts, and only with `allowInsecureHttp: true`.',
      'An ID token proves to one client who signed in. Prefer access tokens if the provider can issue them for this service, and set `kinds: [access_token]` if something distinguishes them from ID tokens: `at+jwt` in the header, `scope`, `scp`, or `client_id`.',
      'Leave out `kinds` for Dex, whose access tokens look like ID tokens (`at_hash`), and for mock-oauth2-server, whose access tokens look like neither: `kinds: [access_token]` rejects both. With these, `audience` must be a name that no login uses. For other providers, see [what providers send](#what-providers-send).',
      'nats-sts rejects tokens with a lifetime of more than 24 hours (`maxTokenLifetime`). Dex tokens live for 24 hours unless you set `expiry.idTokens`: shorten it, because a stolen token can be exchanged for as long as it lives (`capToTokenExpiry` does not change that). If it is longer than 24 hours, set `maxTokenLifetime`.',
      'Some providers omit `aud`, or leave it empty, unless the client requests it (Ory Hydra: `audience=nats-sts`; oidc-provider and Glewlwyd: `resource=…`).',
      'If a provider signs ID tokens with HMAC (LemonLDAP::NG uses HS512 by default), set the client to RS256 there.',
    ],
    example: `issuers:
  dev: { issuer: http://127.0.0.1:9000, audience: nats-sts, allowInsecureHttp: true }
bindings:
  - name: the developer
    issuer: dev
    match: { sub: alice }
    roles: [orders-publisher]`,
    login: [
      'A client for the authorization code flow: its redirect URI is `<publicUrl>/login/callback`, its post-logout redirect URI `<publicUrl>/`. The issuer must have OIDC discovery, even if you give its keys as `jwks` or `jwksUri`.',
      'The claims that bindings use must be in the ID token: nats-sts does not call the userinfo endpoint.',
    ],
  },
});
