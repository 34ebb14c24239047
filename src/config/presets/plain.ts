import { DAY, issuerUrl } from './options.ts';
import { definePreset } from './preset.ts';

/** Any OpenID provider or OAuth 2.0 server with JWT access tokens that has no preset of its own. */
export const plain = definePreset({
  id: undefined,
  title: 'Any other issuer',
  options: {
    issuer: issuerUrl("The issuer's URL exactly as the tokens' `iss` has it, byte for byte."),
  },
  facts: ({ issuer }) => ({
    issuers: [issuer],
    algorithms: ['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA', 'Ed25519'],
    kinds: ['id_token', 'access_token', 'jwt'],
    maxTokenLifetimeSeconds: DAY,
  }),
  doc: {
    about:
      "Any issuer with OIDC discovery (`ISSUER/.well-known/openid-configuration`), or with its keys given as `jwksUri` or `jwks`. Without `kinds` every kind of token is taken: say which one you mean, if the provider's tokens tell (below).",
    claims: 'As the provider documents them.',
    pitfalls: [
      'The issuer is compared byte for byte: a slash at the end counts.',
      'Plain http is taken for loopback hosts only, and only with `allowInsecureHttp: true`.',
      'An ID token proves to one client who logged in. Take access tokens where the provider can make them for this service, and say so (`kinds: [access_token]`) where its access tokens can be told from ID tokens: by `at+jwt` in the header, `scope`, `scp` or `client_id`.',
      'Leave `kinds` out for Dex, whose access tokens look like ID tokens (`at_hash`), and for mock-oauth2-server, whose access tokens look like neither: `kinds: [access_token]` refuses both. For these `audience` must be a name that no login is for; [what providers send](#what-providers-send) has the others.',
      'A token that was made to live longer than 24 hours is refused (`maxTokenLifetime`). Tokens of Dex live 24 hours unless `expiry.idTokens` says otherwise: make it shorter there, for a stolen token is good for exchanges as long (`capToTokenExpiry` does not change that), and with more than 24h write `maxTokenLifetime`.',
      'A provider may leave `aud` out or empty unless the client asks for it (Ory Hydra: `audience=nats-sts`; oidc-provider and Glewlwyd: `resource=…`).',
      'Where ID tokens are signed with HMAC (LemonLDAP::NG: HS512 by default), set the client to RS256 there.',
    ],
    example: `issuers:
  dev: { issuer: http://127.0.0.1:9000, audience: nats-sts, allowInsecureHttp: true }
bindings:
  - name: the developer
    issuer: dev
    match: { sub: alice }
    roles: [orders-publisher]`,
    login: [
      'A client for the authorization code flow: its redirect URI is `<publicUrl>/login/callback`, its post-logout redirect URI `<publicUrl>/`. The issuer must have OIDC discovery, also where its keys are given as `jwks` or `jwksUri`.',
      'What bindings look at must be in the ID token: the userinfo endpoint is not asked.',
    ],
  },
});
