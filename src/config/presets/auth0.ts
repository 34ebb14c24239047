import { DAY, host } from './options.ts';
import { definePreset } from './preset.ts';

export const auth0 = definePreset({
  id: 'auth0',
  title: 'Auth0',
  options: { domain: host('Domain of the tenant, `acme.eu.auth0.com`, or your custom domain.') },
  facts: ({ domain }) => ({
    // The slash at the end belongs to it.
    issuers: [`https://${domain}/`],
    algorithms: ['RS256', 'PS256'],
    kinds: ['access_token'],
    maxTokenLifetimeSeconds: DAY,
  }),
  claims: {
    text: ['scope', 'permissions', 'gty'],
    flag: ['email_verified'],
    mixedCase: ['azp', 'client_id', 'org_id'],
  },
  doc: {
    about:
      'Access tokens for an API registered in Auth0, whose identifier is the audience; for people and for applications (client credentials).',
    claims:
      '`permissions` (a list, with RBAC switched on for the API), `scope` (one text, separated by spaces), `org_id`, `azp` or `client_id` (the client). Custom claims have URLs as names: `"https://example.com/claims/roles": publisher`.',
    pitfalls: [
      'The issuer ends with a slash; the preset adds it.',
      'A token requested without an audience is opaque or encrypted, and nats-sts cannot use it.',
      'Tokens of people also have the audience `https://…/userinfo`, which does no harm.',
      'Applications have `sub: CLIENT_ID@clients`. Everyone who may use the API gets tokens for it: bind on `permissions`, `sub` or `org_id`.',
    ],
    example: `issuers:
  auth0: { preset: auth0, domain: acme.eu.auth0.com, audience: https://nats-sts.example.com }
bindings:
  - name: publishers
    issuer: auth0
    match: { permissions: "nats:pub" }
    roles: [orders-publisher]`,
    login: [
      'A Regular Web Application: its allowed callback URL is `<publicUrl>/login/callback`, its allowed logout URL `<publicUrl>/`. It must sign ID tokens with RS256, not HS256.',
      'ID tokens have no `permissions` and no `scope`: add the claims that bindings use in a post-login Action, with URLs as names (`api.idToken.setCustomClaim`).',
    ],
  },
});
