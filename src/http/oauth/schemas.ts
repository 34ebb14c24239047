/** JSON Schemas of the OAuth endpoints; see `../schemas.ts`. The handlers check more than they say. */

import { inboxPrefix, newPermissionsIn, oauthError, ttlCappedBy } from '../schemas.ts';

const clientId = { type: 'string', const: 'nats-sts' } as const;
const nkey = { type: 'string', description: "The program's own public user nkey." } as const;
const scope = { type: 'string', description: 'The role to take; one at a time.' } as const;
const ttl = {
  type: 'string',
  pattern: '^[1-9][0-9]{0,7}$',
  description: 'Requested lifetime in seconds.',
} as const;

const tokenExchangeBody = {
  type: 'object',
  description: 'Token exchange request (RFC 8693 §2.1).',
  required: ['grant_type', 'subject_token', 'subject_token_type'],
  properties: {
    grant_type: { type: 'string', const: 'urn:ietf:params:oauth:grant-type:token-exchange' },
    subject_token: { type: 'string', minLength: 1 },
    subject_token_type: {
      type: 'string',
      enum: [
        'urn:ietf:params:oauth:token-type:jwt',
        'urn:ietf:params:oauth:token-type:id_token',
        'urn:ietf:params:oauth:token-type:access_token',
      ],
    },
    actor_token: { type: 'string', description: 'Who acts for the subject (delegation).' },
    actor_token_type: { type: 'string', description: 'Required with `actor_token`.' },
    requested_token_type: {
      type: 'string',
      enum: [
        'urn:ietf:params:oauth:token-type:jwt',
        'urn:ietf:params:oauth:token-type:access_token',
        'urn:nats-sts:token-type:creds',
      ],
      description:
        '`urn:ietf:params:oauth:token-type:jwt` (default): the user JWT, with the seed as `seed`. `urn:ietf:params:oauth:token-type:access_token`: the same, for OAuth clients that cannot request another type. `urn:nats-sts:token-type:creds`: a `.creds` file.',
    },
    scope: { type: 'string', description: 'The role to take; one at a time.' },
    audience: {
      type: 'string',
      description: 'The NATS account, by its name or public key.',
    },
    resource: {
      type: 'string',
      description:
        'One of the NATS server URLs, or `urn:nats-sts:account:` with a name or public key.',
    },
    ttl: {
      type: 'string',
      pattern: '^[1-9][0-9]{0,7}$',
      description: 'Requested lifetime in seconds.',
    },
    nkey: { type: 'string', description: "The caller's own public user nkey." },
  },
} as const;

const authorizationCodeBody = {
  type: 'object',
  description: 'Access token request (RFC 6749 §4.1.3, RFC 7636 §4.5).',
  required: ['grant_type', 'client_id', 'code', 'redirect_uri', 'code_verifier'],
  properties: {
    grant_type: { type: 'string', const: 'authorization_code' },
    client_id: clientId,
    code: { type: 'string', description: 'Valid once, for one minute.' },
    redirect_uri: { type: 'string', description: 'As in the authorization request.' },
    code_verifier: { type: 'string', pattern: '^[A-Za-z0-9\\-._~]{43,128}$' },
  },
} as const;

const deviceCodeBody = {
  type: 'object',
  description: 'Device access token request (RFC 8628 §3.4).',
  required: ['grant_type', 'client_id', 'device_code'],
  properties: {
    grant_type: { type: 'string', const: 'urn:ietf:params:oauth:grant-type:device_code' },
    client_id: clientId,
    device_code: { type: 'string' },
  },
} as const;

const refreshTokenBody = {
  type: 'object',
  description: 'Refresh (RFC 6749 §6). The answer contains the next refresh token.',
  required: ['grant_type', 'client_id', 'refresh_token', 'nkey'],
  properties: {
    grant_type: { type: 'string', const: 'refresh_token' },
    client_id: clientId,
    refresh_token: {
      type: 'string',
      description: 'Valid for one credential. Sending it again after that ends the session.',
    },
    nkey,
    scope,
    ttl,
  },
} as const;

export const tokenBody = {
  oneOf: [tokenExchangeBody, authorizationCodeBody, deviceCodeBody, refreshTokenBody],
} as const;

export const tokenResponse = {
  type: 'object',
  description:
    'Token exchange response (RFC 8693 §2.2.1), or access token response (RFC 6749 §5.1).',
  required: ['access_token', 'token_type', 'expires_in', 'scope'],
  properties: {
    access_token: {
      type: 'string',
      description: 'The user JWT, or the `.creds` file if requested.',
    },
    issued_token_type: {
      type: 'string',
      description: 'Only for a token exchange: the `requested_token_type`.',
    },
    token_type: {
      type: 'string',
      enum: ['N_A', 'Bearer'],
      description:
        '`Bearer` if an access token was requested, since such clients accept no other type. NATS still requires a signature by the nkey.',
    },
    expires_in: { type: 'integer', description: 'Seconds.' },
    ttl_capped_by: ttlCappedBy,
    new_permissions_in: newPermissionsIn,
    scope: { type: 'string', description: 'The role.' },
    seed: { type: 'string', description: 'The user nkey seed, unless the caller sent `nkey`.' },
    account: { type: 'string', description: 'Public key of the NATS account.' },
    account_name: {
      type: 'string',
      description: 'Name of the account in the configuration; absent for a token exchange.',
    },
    servers: { type: 'array', items: { type: 'string' } },
    inbox_prefix: inboxPrefix,
    refresh_token: {
      type: 'string',
      description: 'Secret, for the next credential of the same user; absent for a token exchange.',
    },
    refresh_token_expires_in: { type: 'integer', description: 'Seconds until the session ends.' },
    identity: {
      type: 'object',
      description: 'The owner of the credential; absent for a token exchange.',
      required: ['issuer', 'subject'],
      properties: {
        issuer: { type: 'string' },
        subject: { type: 'string' },
        name: { type: 'string', description: 'For display; not unique.' },
      },
    },
  },
} as const;

export const deviceBody = {
  type: 'object',
  description: 'Device authorization request (RFC 8628 §3.1).',
  required: ['client_id', 'nkey'],
  properties: {
    client_id: clientId,
    nkey,
    scope: { type: 'string', description: 'The role. Default: the user chooses.' },
    ttl,
    program: {
      type: 'string',
      maxLength: 100,
      description: 'Name of the program and its machine, shown to the user.',
    },
  },
} as const;

export const deviceResponse = {
  type: 'object',
  description: 'Device authorization response (RFC 8628 §3.2).',
  required: [
    'device_code',
    'user_code',
    'verification_uri',
    'verification_uri_complete',
    'expires_in',
    'interval',
  ],
  properties: {
    device_code: { type: 'string', description: 'Secret; for `/token`.' },
    user_code: { type: 'string', description: 'For the user to type.' },
    verification_uri: { type: 'string' },
    verification_uri_complete: { type: 'string', description: 'Contains the code.' },
    expires_in: { type: 'integer', description: 'Seconds.' },
    interval: { type: 'integer', description: 'Seconds to wait between polls.' },
  },
} as const;

export const refreshTokenParameter = {
  type: 'object',
  required: ['token', 'client_id'],
  properties: {
    token: { type: 'string', description: 'A refresh token.' },
    token_type_hint: { type: 'string', description: 'Ignored.' },
    client_id: clientId,
  },
} as const;

export const introspectionResponse = {
  type: 'object',
  description:
    'Token introspection response (RFC 7662 §2.2). For a token that is not valid, only `active`.',
  required: ['active'],
  properties: {
    active: { type: 'boolean' },
    iss: { type: 'string', description: 'Issuer at which the user signed in.' },
    sub: { type: 'string', description: 'Subject of the user at that issuer.' },
    exp: { type: 'integer', description: 'End of the session, Unix seconds.' },
    iat: { type: 'integer', description: 'Start of the session, Unix seconds.' },
    client_id: { type: 'string' },
    username: { type: 'string', description: 'For display; not unique.' },
    scope: { type: 'string', description: 'The role that the user agreed to.' },
    roles: {
      type: 'array',
      description:
        'All roles that the user can take now, the default first. A role other than `scope` needs a new login.',
      items: {
        type: 'object',
        required: ['role', 'account', 'max_ttl'],
        properties: {
          role: { type: 'string' },
          account: { type: 'string', description: 'Name of the NATS account.' },
          max_ttl: { type: 'integer', description: 'Seconds.' },
        },
      },
    },
  },
} as const;

/** How every OAuth endpoint refuses. */
export const errorResponse = {
  description: 'Refused',
  content: { 'application/json': { schema: oauthError } },
} as const;
