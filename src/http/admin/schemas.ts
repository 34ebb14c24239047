/** JSON Schemas of the admin routes; a change here is a change of the public contract. */

import { orNull } from '../schemas.ts';

const moment = (description: string) => ({ type: 'integer', description }) as const;
const momentOrNull = (description: string) =>
  ({ type: ['integer', 'null'], description: `${description} Unix seconds.` }) as const;
const count = (description: string) => ({ type: 'integer', minimum: 0, description }) as const;
const name = (description: string) =>
  ({ type: 'string', minLength: 1, maxLength: 1024, description }) as const;

const UNIX_SECONDS = 'Unix seconds.';
const SLOT = 'The role that the key signs for, or `*`: every role without a key of its own.';

const reason = {
  type: 'string',
  minLength: 1,
  maxLength: 500,
  description: 'Why, in your words; goes into the audit log.',
} as const;

const key = {
  type: 'object',
  required: ['public_key', 'slot', 'role', 'state', 'reason', 'staged_at', 'listed'],
  properties: {
    public_key: { type: 'string' },
    slot: { type: 'string', description: SLOT },
    role: { type: ['string', 'null'], description: 'Set when the account JWT ties the key to it.' },
    state: { type: 'string', enum: ['staged', 'active', 'draining', 'retired'] },
    reason: { type: 'string', description: 'Why it came into its state.' },
    staged_at: moment(UNIX_SECONDS),
    active_at: momentOrNull('When it began to sign.'),
    draining_at: momentOrNull('When it stopped signing.'),
    retired_at: momentOrNull('When it left the account JWT.'),
    retires_at: momentOrNull('Draining: when its last credential will have expired.'),
    listed: { type: 'boolean', description: 'Servers take what it signs, as far as is known.' },
    waits_for: {
      type: 'array',
      items: { type: 'string' },
      description: 'Staged: names of servers without it, or that do not answer, five at most.',
    },
    may_sign_at: momentOrNull(
      'Staged: not before then, about; null: as soon as every server has it.',
    ),
    lifetime_seconds: count('No credential that it signed lives longer.'),
    credentials_alive: count('Credentials that it signed and that have not expired.'),
    sessions: {
      type: ['integer', 'null'],
      description: 'Live connections of such credentials; null where they are not known.',
    },
  },
} as const;

export const keysResponse = {
  type: 'object',
  description: 'Signing keys by account.',
  required: ['accounts', 'rotator', 'sessions_known'],
  properties: {
    accounts: {
      type: 'array',
      items: {
        type: 'object',
        required: ['account', 'public_key', 'kind', 'next_rotation_at', 'keys', 'spare_keys'],
        properties: {
          account: { type: 'string' },
          public_key: { type: 'string' },
          kind: {
            type: 'string',
            enum: ['managed', 'external'],
            description: 'Managed: nats-sts makes the keys. External: they are given to it.',
          },
          next_rotation_at: momentOrNull('When the next key takes over; null: when asked.'),
          obstacle: {
            type: ['string', 'null'],
            description:
              'Why the rotator can not rotate its keys right now, e.g. NATS can not be reached; null: it can.',
          },
          keys: { type: 'array', items: key },
          spare_keys: {
            type: ['integer', 'null'],
            description: 'External: given keys that have not signed yet.',
          },
          slots: {
            type: 'array',
            description: 'What keys are wanted for.',
            items: {
              type: 'object',
              properties: {
                slot: { type: 'string', description: SLOT },
                template: {
                  type: ['object', 'null'],
                  additionalProperties: true,
                  description: 'What the account JWT ties the key to; null: it is tied to no role.',
                },
                signs: {
                  type: 'string',
                  enum: ['current', 'outdated', 'nothing'],
                  description:
                    'Whether a key signs for it now; `outdated`: with the permissions of before a change of the role.',
                },
              },
            },
          },
        },
      },
    },
    rotator: {
      type: 'object',
      properties: {
        leader: {
          type: ['string', 'null'],
          description: 'The process that rotates; null: none does.',
        },
        lease_until: momentOrNull('When its lease ends, where that is known.'),
      },
    },
    sessions_known: {
      type: 'boolean',
      description:
        'Whether live connections could be counted: `nats.system` is configured, and servers answered in two seconds.',
    },
  },
} as const;

/** Null is not taken here: what limits an action must not be lost by a variable that is not set. */
export const rotateBody = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    account: name('Name of an account; left out: of every one.'),
    role: name('Name of a role: its key only, which may be that of other roles, too.'),
  },
} as const;

export const rotateResponse = {
  type: 'object',
  description: 'The next keys take over as soon as every server is known to have them.',
  required: ['requested'],
  properties: {
    requested: {
      type: 'array',
      items: {
        type: 'object',
        properties: { account: { type: 'string' }, slot: { type: 'string', description: SLOT } },
      },
    },
  },
} as const;

export const keyParams = {
  type: 'object',
  properties: { public_key: { type: 'string', pattern: '^A[A-Z2-7]{55}$' } },
} as const;

export const revokeKeyBody = {
  type: 'object',
  additionalProperties: false,
  required: ['reason'],
  properties: { reason },
} as const;

export const revokeKeyResponse = {
  type: 'object',
  required: ['public_key', 'account', 'kind', 'slot', 'credentials_cut'],
  properties: {
    public_key: { type: 'string' },
    account: { type: 'string' },
    kind: {
      type: 'string',
      enum: ['managed', 'external'],
      description:
        'External: servers take the key until the operator takes it out of the account JWT.',
    },
    slot: { type: 'string', description: SLOT },
    credentials_cut: count(
      'Living credentials behind it. 0 for external accounts: there the operator has to take the key out of the account JWT.',
    ),
  },
} as const;

const target = {
  type: 'object',
  description: '`issuer` and `subject`, or `nkey`, or `role`, or `binding`.',
  properties: {
    issuer: name('Name of an issuer in the configuration, or its URL (`iss` of its tokens).'),
    subject: name('Its subject; whoever acted for somebody is found by it, too.'),
    nkey: { type: 'string', description: "A user's public nkey, `U…`." },
    role: name('Name of a role.'),
    binding: name('Name of a binding.'),
  },
} as const;

export const revocationBody = {
  type: 'object',
  additionalProperties: false,
  required: ['reason'],
  description: 'Name `issuer` and `subject`, or one of `nkey`, `role`, `binding`.',
  properties: {
    issuer: orNull(target.properties.issuer),
    subject: orNull(target.properties.subject),
    nkey: orNull(target.properties.nkey),
    role: orNull(target.properties.role),
    binding: orNull(target.properties.binding),
    reason,
    block: {
      type: 'boolean',
      description:
        'Refuse until lifted. Otherwise tokens issued until five seconds from now are refused, and later ones judged afresh.',
    },
    dry_run: { type: 'boolean', description: 'Change nothing, tell what would be cut.' },
  },
} as const;

export const revocationResponse = {
  type: 'object',
  required: ['target', 'block', 'at', 'credentials', 'credentials_not_cut', 'sessions'],
  properties: {
    id: { type: 'string', description: 'Absent in a dry run.' },
    target,
    block: { type: 'boolean' },
    at: moment('Tokens issued then or before are refused. Unix seconds.'),
    credentials: count('Living credentials that it applies to.'),
    credentials_not_cut: count(
      'Of those, how many end only when they expire: nats-sts can not publish the JWT of their (external) account.',
    ),
    sessions: {
      type: ['integer', 'null'],
      description: 'Live connections that it cuts; null where they are not known.',
    },
  },
} as const;

export const revocationsResponse = {
  type: 'object',
  required: ['revocations'],
  properties: {
    revocations: {
      type: 'array',
      description: 'The latest first.',
      items: {
        type: 'object',
        required: ['id', 'target', 'reason', 'block', 'at', 'until', 'by', 'credentials'],
        properties: {
          id: { type: 'string' },
          target,
          reason: { type: 'string' },
          block: { type: 'boolean' },
          at: moment(UNIX_SECONDS),
          until: moment('Goes by itself then, unless it blocks. Unix seconds.'),
          by: {
            type: 'object',
            properties: { issuer: { type: 'string' }, subject: { type: 'string' } },
          },
          credentials: count('Users that account JWTs revoke for it.'),
        },
      },
    },
  },
} as const;

export const revocationParams = {
  type: 'object',
  properties: { id: { type: 'string', minLength: 1, maxLength: 64 } },
} as const;

export const credentialsQuery = {
  type: 'object',
  additionalProperties: false,
  properties: {
    issuer: name('Name of an issuer in the configuration, or its URL (`iss` of its tokens).'),
    subject: name('Subject of the identity.'),
    role: name('Name of a role.'),
    binding: name('Name of a binding.'),
    account: name('Name of an account.'),
    user: name('Public user nkey, `U…`.'),
    limit: {
      type: 'string',
      pattern: '^(?:[1-9][0-9]{0,2}|1000)$',
      description: '1 to 1000; 100 unless given.',
    },
    cursor: name('`next` of the answer before.'),
  },
} as const;

export const credentialsResponse = {
  type: 'object',
  required: ['credentials', 'next'],
  properties: {
    credentials: {
      type: 'array',
      description: 'Those that have not expired, the oldest first.',
      items: {
        type: 'object',
        properties: {
          user: { type: 'string', description: "The user's public nkey, `U…`." },
          account: { type: 'string', description: 'Name of the account.' },
          role: { type: 'string' },
          binding: { type: 'string' },
          issuer: { type: 'string', description: 'Name of the issuer in the configuration.' },
          subject: { type: 'string' },
          actor: {
            type: ['object', 'null'],
            description: 'Who acted for the subject.',
            properties: { issuer: { type: 'string' }, subject: { type: 'string' } },
          },
          signing_key: { type: 'string', description: 'The key that signed, `A…`.' },
          issued_at: moment(UNIX_SECONDS),
          expires_at: moment(UNIX_SECONDS),
        },
      },
    },
    next: { type: ['string', 'null'], description: '`cursor` for what follows; null: nothing.' },
  },
} as const;
