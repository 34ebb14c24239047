import { DAY, issuerUrl } from './options.ts';
import { definePreset } from './preset.ts';

/** `https://acme.okta.com`, not `https://acme.okta.com/oauth2/default`. */
function isOrgServer(issuer: string): boolean {
  return URL.canParse(issuer) && !new URL(issuer).pathname.startsWith('/oauth2/');
}

export const okta = definePreset({
  id: 'okta',
  title: 'Okta',
  options: {
    issuer: issuerUrl(
      'Issuer URI of a custom authorization server, such as `https://acme.okta.com/oauth2/default`.',
    ),
  },
  facts({ issuer, kinds }) {
    const accessTokens = kinds === undefined || kinds.some((kind) => kind !== 'id_token');
    if (accessTokens && isOrgServer(issuer)) {
      return {
        path: 'issuer',
        message:
          'is the org authorization server, whose access tokens are for Okta itself: use a custom one (…/oauth2/default), or accept only its ID tokens (kinds: [id_token])',
      };
    }
    return {
      issuers: [issuer],
      algorithms: ['RS256'],
      kinds: ['access_token'],
      maxTokenLifetimeSeconds: DAY,
      // In access tokens sub is the login name, which changes; uid is the user. ID tokens have the
      // user's id in sub, and client credentials the client's.
      subject: [['uid'], ['sub']],
    };
  },
  claims: {
    text: ['scp', 'groups', 'name', 'email', 'preferred_username'],
    number: ['ver'],
    mixedCase: ['uid', 'cid'],
  },
  doc: {
    about:
      'Access tokens of a custom authorization server, for people and for applications (client credentials). Set the audience of the authorization server to a name of this service.',
    claims:
      '`uid` (the user), `cid` (the client), `scp` (a list), `groups` when the authorization server has a groups claim.',
    pitfalls: [
      'The org authorization server (`https://acme.okta.com`) issues access tokens for Okta only, which nats-sts rejects, because Okta says that others must not validate them. Accept its ID tokens with `kinds: [id_token]`.',
      '`sub` of an access token is the login name, which can change: bind on `uid`. The identity is `uid`, or `sub` if there is no `uid` (ID tokens, client credentials).',
      'The groups claim is empty or fails with more than 100 groups: filter it at the authorization server.',
    ],
    example: `issuers:
  okta: { preset: okta, issuer: https://acme.okta.com/oauth2/default, audience: api://nats-sts }
bindings:
  - name: publishers
    issuer: okta
    match: { groups: nats-publishers }
    roles: [orders-publisher]`,
    login: [
      'A Web Application (OIDC): its sign-in redirect URI is `<publicUrl>/login/callback`, its sign-out redirect URI `<publicUrl>/`. An access policy of the authorization server must allow it.',
      '`groups` requires a claim at the authorization server that is always included in ID tokens. The org authorization server has a scope for it: `scopes: [openid, profile, email, groups]`.',
      'ID tokens have neither `uid` nor `cid`: their `sub` is the ID of the user, so the identity is the same as with access tokens.',
    ],
  },
});
