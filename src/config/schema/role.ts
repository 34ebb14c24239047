import { z } from 'zod';
import { CONNECTION_TYPES } from '../../policy/policy.ts';
import { isNetwork } from '../loopback.ts';
import { anyNumber, duration, integer, NAME, NAME_RULE, oneOrMore, size, text } from './scalars.ts';

const subjectRules = (description: string) =>
  z
    .strictObject({
      allow: anyNumber(z.string(), 'subject').meta({
        description: 'Subjects; `{{claims.name}}` is filled in.',
      }),
      deny: anyNumber(z.string(), 'subject').meta({
        description: 'Subjects taken out of what is allowed.',
      }),
    })
    .prefault({})
    .meta({ description });

const timeOfDay = z
  .string()
  .regex(
    /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/,
    'is not a time of day: write "08:00:00", in quotes',
  );

const timezone = z
  .string()
  .refine(isTimezone, 'is not a time zone: write a name such as Europe/Berlin or UTC')
  .meta({ title: 'time zone', description: 'IANA name of the zone that `times` are in.' });

function isTimezone(name: string): boolean {
  try {
    // Fixed offsets are fine for JavaScript, not for NATS.
    return /^[A-Za-z]/.test(name) && Intl.DateTimeFormat('en', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

const roleLimits = z
  .strictObject({
    subscriptions: integer({ min: 1, max: 1_000_000_000 }, 'Subscriptions at once.').optional(),
    payload: size('Largest message.').optional(),
    data: size('Bytes in all over one connection.').optional(),
  })
  .prefault({})
  .meta({ description: 'Limits of a connection. Left out: those of the account.' });

export const roleSchema = z
  .strictObject({
    description: text('For people; shown by `check` and in the role list.').optional(),
    account: z.string().regex(NAME, NAME_RULE).meta({
      title: 'name',
      description: 'Key under `accounts`.',
    }),
    publish: subjectRules('What may be published. Left out: nothing.'),
    subscribe: subjectRules('What may be subscribed to. Left out: nothing.'),
    responses: z
      .strictObject({
        max: integer({ min: 1, max: 1_000_000 }, 'Replies per request.').prefault(1),
        ttl: duration('Time to reply in.').prefault('1m'),
      })
      .optional()
      .meta({ description: 'Leave to reply to requests on their reply subject.' }),
    limits: roleLimits,
    sources: oneOrMore(
      z.string().refine(isNetwork, 'is not a network such as 10.0.0.0/8'),
      'network',
    )
      .optional()
      .meta({ description: 'Networks that connections must come from.' }),
    times: z
      .array(z.strictObject({ start: timeOfDay, end: timeOfDay }))
      .min(1, 'give at least one span, or leave it out')
      .optional()
      .meta({
        description: 'Times of day within which connections are allowed, as `start` and `end`.',
      }),
    timezone: timezone.optional(),
    connectionTypes: oneOrMore(
      z.enum(CONNECTION_TYPES, { error: `write one of ${CONNECTION_TYPES.join(', ')}` }),
      'connection type',
    )
      .optional()
      .meta({ description: 'Kinds of connection the credential is good for. Left out: all.' }),
    signing: z.enum(['scoped', 'direct'], { error: 'write scoped or direct' }).optional().meta({
      description:
        "Managed accounts: whether the permissions stand in the account JWT, on a signing key of the role's own (`scoped`), or in each credential (`direct`). Left out: scoped where that can be; `nats-sts check` tells.",
    }),
    maxTtl: duration('Longest life of a credential.').prefault('1h'),
  })
  .refine(({ times, timezone }) => times === undefined || timezone !== undefined, {
    path: ['times'],
    error: 'say in which time zone: add timezone: UTC',
  })
  .meta({ description: 'A named set of permissions and limits in one account.' });

export type RoleSettings = z.output<typeof roleSchema>;
