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
      'Access tokens of one realm, of people and of service accounts (client credentials). Refresh, logout and ID tokens are told apart by `typ` in the payload; for ID tokens add `kinds: [id_token]`.',
    claims:
      '`azp` (the client), with `/realm_access/roles`, `/resource_access/CLIENT/roles` (lists, reached by JSON Pointer; a client name with `/` is written with `~1`) or `groups` with a mapper (full paths begin with `/`).',
    pitfalls: [
      '`aud` is `account` or missing until you add an audience mapper with the name of this service to the client or a client scope. This is the first thing that goes wrong.',
      '`aud` does not say which application asked. Keycloak puts client A into the `aud` of a token of *any* client with *Full scope allowed* (the default) when the person has a role of client A. Bind on `azp` too, as below; or switch *Full scope allowed* off for every other client of the realm. `nats-sts check` warns of a binding without `azp` (`keycloak-any-client`).',
      'Lightweight access tokens (an option of a client; the built-in `admin-cli` has it on) of a person have no `sub`, `aud` or roles; those of a service account have `sub` only. Switch *Always use lightweight access token* off for the client, or switch *Add to lightweight access token* on in the mappers of audience, subject and roles (or groups).',
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
    match:
      azp: [nats-cli, orders-app]
      /resource_access/nats-sts/roles: publisher
    roles: [orders-publisher]`,
    login: [
      'A client with Client authentication and Standard flow: its valid redirect URI is `<publicUrl>/login/callback`, its valid post logout redirect URI `<publicUrl>/`.',
      'Roles are not in ID tokens at first: switch *Add to ID token* on in the mappers of the client scope `roles`, and in your mapper of groups.',
      '`azp` of an ID token is the client of the login: where a binding demands `azp`, list `login.clientId` too.',
    ],
  },
});
