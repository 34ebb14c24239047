import { z } from 'zod';

/** What the admin routes answer (openapi.yaml), as far as the command line reads it. Times are Unix seconds. */

const count = z.number().int().nonnegative();

const KEY = z.looseObject({
  public_key: z.string(),
  /** Role that the key is tied to, or `*`. */
  slot: z.string(),
  state: z.enum(['staged', 'active', 'draining', 'retired']),
  reason: z.string(),
  staged_at: z.number(),
  active_at: z.number().nullable(),
  draining_at: z.number().nullable(),
  retired_at: z.number().nullable(),
  /** Draining: when it will have no credential left. */
  retires_at: z.number().nullable(),
  /** Every server takes what it signs. */
  listed: z.boolean(),
  /** Staged: servers without it; absent where an older service doesn't say. */
  waits_for: z.array(z.string()).optional(),
  /** Staged: not before then, about. */
  may_sign_at: z.number().nullish(),
  credentials_alive: count,
  /** Live connections; absent or null where the service can't see them. */
  sessions: count.nullish(),
});

const SUBJECTS = z.object({
  allow: z.array(z.string()).default([]),
  deny: z.array(z.string()).default([]),
});

/** Permissions and limits of a scoped signing key, named as in an account JWT; -1 is no limit. */
const TEMPLATE = z.looseObject({
  pub: SUBJECTS.default({ allow: [], deny: [] }),
  sub: SUBJECTS.default({ allow: [], deny: [] }),
  /** `ttl` in nanoseconds. */
  resp: z.object({ max: z.number(), ttl: z.number() }).optional(),
  subs: z.number().default(-1),
  data: z.number().default(-1),
  payload: z.number().default(-1),
  src: z.array(z.string()).default([]),
  times: z.array(z.object({ start: z.string(), end: z.string() })).default([]),
  times_location: z.string().optional(),
  allowed_connection_types: z.array(z.string()).default([]),
});

const ACCOUNT = z.looseObject({
  account: z.string(),
  public_key: z.string(),
  kind: z.enum(['managed', 'external']),
  next_rotation_at: z.number().nullable(),
  /** Why its keys can't be rotated right now. */
  obstacle: z.string().nullish(),
  keys: z.array(KEY),
  /** External accounts: given keys that have not signed yet. */
  spare_keys: count.nullable(),
  /** What keys are wanted for; `template` is null for keys that are tied to no role. */
  slots: z
    .array(
      z.looseObject({
        slot: z.string(),
        template: TEMPLATE.nullable(),
        /** `outdated`: with the permissions of before a change of the role. */
        signs: z.enum(['current', 'outdated', 'nothing']).optional(),
      }),
    )
    .optional(),
});

export const KEYS = z.looseObject({
  accounts: z.array(ACCOUNT),
  rotator: z.looseObject({ leader: z.string().nullable(), lease_until: z.number().nullable() }),
});

export const ROTATION = z.looseObject({
  requested: z.array(z.object({ account: z.string(), slot: z.string() })),
});

export const REVOKED_KEY = z.looseObject({
  public_key: z.string(),
  account: z.string(),
  /** Of the account; absent where the service doesn't tell. */
  kind: z.enum(['managed', 'external']).optional(),
  slot: z.string(),
  credentials_cut: count,
});

const TARGET = z.union([
  z.strictObject({ issuer: z.string(), subject: z.string() }),
  z.strictObject({ nkey: z.string() }),
  z.strictObject({ role: z.string() }),
  z.strictObject({ binding: z.string() }),
]);

export const REVOCATION = z.looseObject({
  /** Absent in a dry run. */
  id: z.string().optional(),
  target: TARGET,
  block: z.boolean(),
  at: z.number(),
  /** Alive, and meant by it. */
  credentials: count,
  /** Of those, how many are of external accounts, whose JWT nats-sts does not publish. */
  credentials_not_cut: count,
  /** Live connections that it cuts; null where the service can't see them. */
  sessions: count.nullable(),
});

export const REVOCATIONS = z.looseObject({
  revocations: z.array(
    z.looseObject({
      id: z.string(),
      target: TARGET,
      reason: z.string(),
      block: z.boolean(),
      at: z.number(),
      until: z.number(),
      by: z.looseObject({ issuer: z.string(), subject: z.string() }),
      credentials: count,
    }),
  ),
});

export type KeysAnswer = z.infer<typeof KEYS>;
export type AdminAccount = z.infer<typeof ACCOUNT>;
export type AdminKey = z.infer<typeof KEY>;
export type KeyTemplate = z.infer<typeof TEMPLATE>;
export type RotationAnswer = z.infer<typeof ROTATION>;
export type RevokedKeyAnswer = z.infer<typeof REVOKED_KEY>;
export type RevocationTarget = z.infer<typeof TARGET>;
export type RevocationAnswer = z.infer<typeof REVOCATION>;
export type RevocationsAnswer = z.infer<typeof REVOCATIONS>;
