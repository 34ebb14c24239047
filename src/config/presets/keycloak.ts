import { ALGORITHMS } from '../../identity/issuer.ts';
import { DAY, issuerUrl } from './options.ts';
import { definePreset } from './preset.ts';

/** Keycloak writes `JWT` into every header and the kind into the payload. */
const TYPES = { access_token: ['Bearer', 'DPoP'], id_token: ['ID'] } as const;

export const keycloak = definePreset({
  id: 'keycloak',
  title: 'Keycloak',
  options: {
    issuer: issuerUrl(
      'URL of the realm, `https://keycloak.example.com/realms/acme`, without a trailing slash.',
    ),
  },
  facts({ issuer, kinds = ['access_token'] }) {
    if (kinds.includes('jwt')) {
      return {
        path: 'kinds',
        message:
          'contains jwt, but every token of Keycloak is an access_token or an id_token: remove jwt',
      };
    }
    return {
      issuers: [issuer],
      // Each is a choice in a realm's or a client's settings.
      algorithms: ALGORITHMS,
      kinds: ['access_token'],
      maxTokenLifetimeSeconds: DAY,
      require: { typ: kinds.flatMap((kind) => (kind === 'jwt' ? [] : TYPES[kind])) },
    };
  },
  claims: {
    text: [
      'typ',
      'sid',
      'acr',
      'scope',
      'preferred_username',
      'email',
      'client_id',
      '/realm_access/roles',
      'groups',
    ],
    flag: ['email_verified'],
  },
  doc: {
    about:
      'Access tokens of one realm, for people and for service accounts (client credentials). `typ` in the payload distinguishes them from refresh, logout, and ID tokens; for ID tokens add `kinds: [id_token]`.',
    claims:
      '`azp` (the client), with `/realm_access/roles`, `/resource_access/CLIENT/roles` (lists, reached by JSON Pointer; a client name with `/` is written with `~1`) or `groups` with a mapper (full paths begin with `/`).',
    pitfalls: [
      '`aud` is `account` or missing until you add an audience mapper with the name of this service to the client or a client scope. This is the most common mistake.',
      '`aud` does not tell which application requested the token. Keycloak puts client A into the `aud` of a token of *any* client with *Full scope allowed* (the default) when the person has a role of client A. Bind on `azp` too, as below, or disable *Full scope allowed* for every other client of the realm. `nats-sts check` warns about a binding without `azp` (`keycloak-any-client`).',
      'Lightweight access tokens (a client option, enabled for the built-in `admin-cli`) have no `sub`, `aud`, or roles for people, and only `sub` for service accounts. Disable *Always use lightweight access token* for the client, or enable *Add to lightweight access token* in the mappers of audience, subject, and roles (or groups).',
      '`preferred_username`, `name`, and `email` (if users may edit it) can change: bind on roles, groups, or `sub`.',
      'A key with dots is one claim name: `realm_access.roles` never matches, `/realm_access/roles` does.',
    ],
    example: `issuers:
  keycloak:
    preset: keycloak
    issuer: https://keycloak.example.com/realms/acme
    audience: nats-sts
bindings:
  - name: publishers
    issuer: keycloak
    match:
      azp: [nats-cli, orders-app]
      /resource_access/nats-sts/roles: publisher
    roles: [orders-publisher]`,
    login: [
      'A client with Client authentication and Standard flow: its valid redirect URI is `<publicUrl>/login/callback`, its valid post logout redirect URI `<publicUrl>/`.',
      'ID tokens have no roles by default: enable *Add to ID token* in the mappers of the client scope `roles`, and in your mapper of groups.',
      '`azp` of an ID token is the client of the login: in bindings that require `azp`, list `login.clientId` too.',
    ],
  },
});
