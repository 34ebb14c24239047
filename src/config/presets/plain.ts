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
      'Any issuer with OIDC discovery (`ISSUER/.well-known/openid-configuration`), or with its keys given as `jwksUri` or `jwks`. Without `kinds` every kind of token is taken: say which one you mean.',
    claims: 'As the provider documents them.',
    pitfalls: [
      'The issuer is compared byte for byte: a slash at the end counts.',
      'Plain http is taken for loopback hosts only, and only with `allowInsecureHttp: true`.',
      'An ID token proves to one client who logged in. Take access tokens (`kinds: [access_token]`) where the provider can make them for this service.',
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
