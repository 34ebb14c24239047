import { DAY, issuerUrl } from './options.ts';
import { definePreset } from './preset.ts';

/** Keycloak writes `JWT` into every header and the kind into the payload. */
const TYPES = { access_token: ['Bearer', 'DPoP'], id_token: ['ID'] } as const;

export const keycloak = definePreset({
  id: 'keycloak',
  title: 'Keycloak',
  options: {
    issuer: issuerUrl(
      'The realm: `https://keycloak.example.com/realms/acme`, without a slash at the end.',
    ),
  },
  facts({ issuer, kinds = ['access_token'] }) {
    if (kinds.includes('jwt')) {
      return {
        path: 'kinds',
        message: 'every token of Keycloak is an access_token or an id_token',
      };
    }
    return {
      issuers: [issuer],
      algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
      kinds: ['access_token'],
      maxTokenLifetimeSeconds: DAY,
      require: { typ: kinds.flatMap((kind) => (kind === 'jwt' ? [] : TYPES[kind])) },
    };
  },
  doc: {
    about:
      'Access tokens of one realm, of people and of service accounts (client credentials). Refresh, logout and ID tokens are told apart by `typ` in the payload; for ID tokens add `kinds: [id_token]`.',
    claims:
      '`/realm_access/roles`, `/resource_access/CLIENT/roles` (lists, reached by JSON Pointer; a client name with `/` is written with `~1`), `groups` with a mapper (full paths begin with `/`), `azp` (the client).',
    pitfalls: [
      '`aud` is `account` or missing until you add an audience mapper with the name of this service to the client or a client scope. This is the first thing that goes wrong.',
      '`preferred_username`, `name` and, when users may edit it, `email` change: bind on roles, groups or `sub`.',
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
    match: { /resource_access/nats-sts/roles: publisher }
    roles: [orders-publisher]`,
    login: [
      'A client with Client authentication and Standard flow: its valid redirect URI is `<publicUrl>/login/callback`, its valid post logout redirect URI `<publicUrl>/`.',
      'Roles are not in ID tokens at first: switch *Add to ID token* on in the mappers of the client scope `roles`, and in your mapper of groups.',
    ],
  },
});
