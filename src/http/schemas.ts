/**
 * JSON Schemas of what goes in and out: Fastify validates and serialises by them, and
 * `openapi.yaml` is generated from them. A change here is a change of the public contract.
 */

declare module 'fastify' {
  /** What openapi.yaml is made of beside the schemas; Fastify itself ignores it. */
  interface FastifySchema {
    operationId?: string;
    summary?: string;
    description?: string;
    consumes?: readonly string[];
    produces?: readonly string[];
    tags?: readonly string[];
    security?: ReadonlyArray<{ [securityLabel: string]: readonly string[] }>;
  }
}

const unixSeconds = (description: string) => ({ type: 'integer', description }) as const;

/** An optional member of a body; null counts as left out. */
function orNull<T extends { readonly type: string }>(schema: T) {
  return { ...schema, type: [schema.type, 'null'] };
}

export const exchangeBody = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    token: orNull({
      type: 'string',
      minLength: 1,
      description: 'The subject token, when it is not in the Authorization header.',
    }),
    role: orNull({
      type: 'string',
      minLength: 1,
      maxLength: 128,
      description: 'The role to take; without it the first matching binding decides.',
    }),
    ttl: orNull({
      type: 'integer',
      minimum: 1,
      maximum: 31_536_000,
      description:
        "Wanted lifetime in seconds. The role's maximum holds: `ttl_capped_by` says when it was less.",
    }),
    nkey: orNull({
      type: 'string',
      pattern: '^U[A-Z2-7]{55}$',
      description:
        "The caller's own public user nkey; its checksum must fit. No seed is made or returned then: the private key never travels.",
    }),
  },
} as const;

/** Which limit made a credential shorter than `ttl`; see `credential-answer.ts`. */
export const ttlCappedBy = {
  type: 'string',
  enum: ['role', 'token'],
  description:
    "Only when the credential ends sooner than `ttl` asked: at the role's `maxTtl`, or with the subject token (`capToTokenExpiry`).",
} as const;

/** See `credential-answer.ts`. */
export const newPermissionsIn = {
  type: 'integer',
  description:
    'Only while a change of the role is not in force yet: this credential has the permissions of before for as long as it lives (with `onChange: cut`, until the change). In about so many seconds, ask for one that has the new ones; 30 while NATS can not be reached, which may last longer.',
} as const;

export const inboxPrefix = {
  type: 'string',
  description:
    'Set when answers to requests arrive only under this inbox prefix, as `subscribe.allow` of the role says: configure the client with it (`inboxPrefix`, `nats --inbox-prefix`).',
} as const;

export const exchangeResponse = {
  type: 'object',
  description: 'A NATS credential.',
  required: [
    'jwt',
    'role',
    'account',
    'subject',
    'issuer',
    'issued_at',
    'expires_at',
    'expires_in',
    'servers',
  ],
  properties: {
    jwt: { type: 'string', description: 'The NATS user JWT.' },
    seed: {
      type: 'string',
      description: 'The user nkey seed; absent when the caller sent its own `nkey`.',
    },
    creds: {
      type: 'string',
      description: 'Both as a `.creds` file; absent when the caller sent its own `nkey`.',
    },
    role: { type: 'string' },
    account: { type: 'string', description: 'Public key of the NATS account.' },
    subject: { type: 'string', description: "The user's public nkey: the `sub` of the user JWT." },
    issuer: { type: 'string', description: 'Public key that signed the user JWT.' },
    issued_at: unixSeconds('Unix seconds.'),
    expires_at: unixSeconds('Unix seconds.'),
    expires_in: { type: 'integer', description: 'Seconds.' },
    ttl_capped_by: ttlCappedBy,
    new_permissions_in: newPermissionsIn,
    servers: {
      type: 'array',
      items: { type: 'string' },
      description: 'NATS URLs to connect to.',
    },
    inbox_prefix: inboxPrefix,
  },
} as const;

export const problem = {
  type: 'object',
  description: 'Problem details (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'code', 'reason', 'request_id'],
  properties: {
    type: { type: 'string', description: 'A URN that ends in the code.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'One sentence for people.' },
    code: { type: 'string', description: 'Stable; for programs.' },
    reason: { type: 'string', description: 'Stable and finer than the code.' },
    request_id: { type: 'string', description: 'Under which log and audit have this request.' },
    contact: { type: 'string', description: 'Whom to ask about a denial, where configured.' },
  },
} as const;

export const oauthError = {
  type: 'object',
  description: 'OAuth error (RFC 6749 §5.2).',
  required: ['error'],
  properties: {
    error: { type: 'string' },
    error_description: { type: 'string' },
    request_id: { type: 'string' },
  },
} as const;
