/**
 * JSON Schemas of requests and answers: Fastify validates and serializes with them, and
 * `openapi.yaml` is generated from them. A change here is a change of the public contract.
 */

declare module 'fastify' {
  /** For openapi.yaml only; Fastify itself ignores it. */
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
      description: 'The role to take. Default: the first role of the first matching binding.',
    }),
    ttl: orNull({
      type: 'integer',
      minimum: 1,
      maximum: 31_536_000,
      description:
        "Requested lifetime in seconds, up to the role's maximum. `ttl_capped_by` is set if the credential got less.",
    }),
    nkey: orNull({
      type: 'string',
      pattern: '^U[A-Z2-7]{55}$',
      description:
        "The caller's own public user nkey, with a valid checksum. The service then creates and returns no seed: the private key never leaves the caller.",
    }),
  },
} as const;

/** Which limit made a credential shorter than `ttl`; see `credential-answer.ts`. */
export const ttlCappedBy = {
  type: 'string',
  enum: ['role', 'token'],
  description:
    "Set only if the credential expires sooner than `ttl` requested: `role` for the role's `maxTtl`, `token` for the expiry of the subject token (`capToTokenExpiry`).",
} as const;

/** See `credential-answer.ts`. */
export const newPermissionsIn = {
  type: 'integer',
  description:
    'Set only while a change of the role is not in force yet: this credential keeps the old permissions until it expires (with `onChange: cut`, until the change). Request a new credential after about this many seconds. The value is 30 while NATS cannot be reached; the change may then take longer.',
} as const;

export const inboxPrefix = {
  type: 'string',
  description:
    'Set if `subscribe.allow` of the role allows replies only under this inbox prefix. Configure the client with it (`inboxPrefix`, `nats --inbox-prefix`).',
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
      description: 'The user nkey seed; absent if the caller sent its own `nkey`.',
    },
    creds: {
      type: 'string',
      description: 'JWT and seed as a `.creds` file; absent if the caller sent its own `nkey`.',
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
    type: { type: 'string', description: 'A URN that ends with the code.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'One sentence for humans.' },
    code: { type: 'string', description: 'Stable, for programs.' },
    reason: { type: 'string', description: 'Stable, and more specific than the code.' },
    request_id: {
      type: 'string',
      description: 'Identifies the request in the log and the audit log.',
    },
    contact: { type: 'string', description: 'Whom to contact about a denial, if configured.' },
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
