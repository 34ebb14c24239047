import { z } from 'zod';
import {
  accountKind,
  count,
  moment,
  momentOrNull,
  name,
  reason,
  type Sent,
  SLOT,
} from './fields.ts';

/** Signing keys: `GET /admin/keys`, `POST /admin/keys/rotate`, `POST /admin/keys/{public_key}/revoke`. */

const key = z.object({
  public_key: z.string(),
  slot: z.string().describe(SLOT),
  role: z.string().nullable().describe('Set when the account JWT ties the key to it.'),
  state: z.enum(['staged', 'active', 'draining', 'retired']),
  reason: z.string().describe('Why it entered its state.'),
  staged_at: moment(''),
  active_at: momentOrNull('When it began to sign.'),
  draining_at: momentOrNull('When it stopped signing.'),
  retired_at: momentOrNull('When it left the account JWT.'),
  retires_at: momentOrNull('Draining: when its last credential will have expired.'),
  listed: z.boolean().describe('Servers accept what it signs, as far as is known.'),
  waits_for: z
    .array(z.string())
    .describe('Staged: up to five names of servers that lack it or do not answer.'),
  may_sign_at: momentOrNull(
    'Staged: about the earliest time that it may sign; null: as soon as every server has it.',
  ),
  lifetime_seconds: count('No credential that it signed lives longer.'),
  credentials_alive: count('Credentials that it signed and that have not expired.'),
  sessions: z
    .int()
    .nullable()
    .describe('Live connections of such credentials; null if they are not known.'),
});

const subjects = z.object({
  allow: z.array(z.string()).exactOptional(),
  deny: z.array(z.string()).exactOptional(),
});

/** Permissions and limits, named as in the account JWT. The command line makes nsc commands from them. */
const template = z.looseObject({
  pub: subjects.exactOptional(),
  sub: subjects.exactOptional(),
  resp: z.object({ max: z.int(), ttl: z.int().describe('Nanoseconds.') }).exactOptional(),
  subs: z.int().describe('-1: no limit.'),
  data: z.int().describe('-1: no limit.'),
  payload: z.int().describe('-1: no limit.'),
  src: z.array(z.string()).exactOptional(),
  times: z.array(z.object({ start: z.string(), end: z.string() })).exactOptional(),
  times_location: z.string().exactOptional(),
  allowed_connection_types: z.array(z.string()).exactOptional(),
});

const slot = z.object({
  slot: z.string().describe(SLOT),
  template: template
    .nullable()
    .describe('What the account JWT ties the key to; null: it is tied to no role.'),
  signs: z
    .enum(['current', 'outdated', 'nothing'])
    .describe(
      'Whether a key signs for it now; `outdated`: with the old permissions, from before a change of the role.',
    ),
});

const account = z.object({
  account: z.string(),
  public_key: z.string(),
  kind: accountKind.describe('Managed: nats-sts makes the keys. External: you give it the keys.'),
  next_rotation_at: momentOrNull('When the next key takes over; null: only when you ask.'),
  obstacle: z
    .string()
    .nullable()
    .describe(
      'Why the rotator cannot rotate its keys now, e.g. it cannot reach NATS; null: it can.',
    ),
  keys: z.array(key),
  spare_keys: z
    .int()
    .nullable()
    .describe('External: number of unused keys, which have not signed yet.'),
  slots: z.array(slot).describe('What keys are needed for.'),
});

export const keysAnswer = z
  .object({
    accounts: z.array(account),
    rotator: z.object({
      leader: z.string().nullable().describe('The process that rotates; null: none does.'),
      lease_until: momentOrNull('When its lease ends, if that is known.'),
    }),
    sessions_known: z
      .boolean()
      .describe(
        'Whether live connections could be counted: `nats.system` is configured, and servers answered within two seconds.',
      ),
  })
  .describe('Signing keys by account.');

/** Members must not be null: a variable that is not set must not turn "one role" into "every role". */
export const rotateBody = z.strictObject({
  account: name('Name of an account; without it, every account.').exactOptional(),
  role: name('Name of a role: rotates only its key, which other roles may share.').exactOptional(),
});

export const rotateAnswer = z
  .object({
    requested: z.array(z.object({ account: z.string(), slot: z.string().describe(SLOT) })),
  })
  .describe('The next keys take over as soon as every server is known to have them.');

export const keyParams = z.object({ public_key: z.string().regex(/^A[A-Z2-7]{55}$/) });

export const revokeKeyBody = z.strictObject({ reason });

export const revokeKeyAnswer = z.object({
  public_key: z.string(),
  account: z.string(),
  kind: accountKind.describe(
    'External: servers accept the key until you remove it from the account JWT.',
  ),
  slot: z.string().describe(SLOT),
  credentials_cut: count(
    'Credentials alive that it signed and that are revoked with it. 0 for an external account: its operator must remove the key from the account JWT.',
  ),
});

export type KeyAnswer = Sent<typeof key>;
export type KeyTemplate = Sent<typeof template>;
export type AccountAnswer = Sent<typeof account>;
export type KeyParams = Sent<typeof keyParams>;
export type KeysAnswer = Sent<typeof keysAnswer>;
export type RotateBody = Sent<typeof rotateBody>;
export type RotateAnswer = Sent<typeof rotateAnswer>;
export type RevokeKeyBody = Sent<typeof revokeKeyBody>;
export type RevokeKeyAnswer = Sent<typeof revokeKeyAnswer>;
