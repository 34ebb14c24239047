import { z } from 'zod';
import { CONNECTION_TYPES } from '../../policy/policy.ts';
import { isNetwork } from '../addresses.ts';
import { ianaTimeZone } from '../time-zone.ts';
import {
  anyNumber,
  duration,
  integer,
  NAME,
  NAME_RULE,
  missing,
  oneOrMore,
  size,
  text,
} from './scalars.ts';

/** For subjects without `allow` or `deny`. */
function subjectsAlone({ code, input }: z.core.$ZodRawIssue): string | undefined {
  if (code !== 'invalid_type' || (typeof input !== 'string' && !Array.isArray(input)))
    return undefined;
  const what = typeof input === 'string' ? 'text' : 'a list';
  return `must be a mapping, but is ${what}: write { allow: ["orders.>"] }, and deny: […] for exceptions`;
}

const subjectRules = (description: string) =>
  z
    .strictObject(
      {
        allow: anyNumber(z.string(), 'subject').meta({
          description: 'Allowed subjects. `{{claims.name}}` is replaced by the value of the claim.',
        }),
        deny: anyNumber(z.string(), 'subject').meta({
          description: 'Subjects to exclude from the allowed ones.',
        }),
      },
      { error: subjectsAlone },
    )
    .prefault({})
    .meta({ description });

const timeOfDay = z
  .string()
  .regex(
    /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d$/,
    'is not a time of day: write "08:00:00", in quotes',
  );

const span = z
  .strictObject({ start: timeOfDay, end: timeOfDay })
  .refine(({ start, end }) => start !== end, {
    path: ['end'],
    error:
      'is equal to start, so NATS would refuse all users: for the whole day leave out `times`; for a span across midnight write an end before the start',
  });

const timezone = z
  .string()
  .transform((name, context) => {
    const known = ianaTimeZone(name);
    if (known !== undefined) return known;
    context.addIssue({
      code: 'custom',
      message: 'is not a time zone: write an IANA name such as Europe/Berlin, or UTC',
    });
    return z.NEVER;
  })
  .meta({
    title: 'time zone',
    description:
      'IANA time zone of `times`. For zones other than UTC, the NATS servers need time zone data (the package `tzdata`).',
  });

/** `sources` in the form of NATS: a single address becomes a network of one address. */
const network = z
  .string()
  .refine(isNetwork, 'is not a network such as 10.0.0.0/8 or an IP address')
  .transform((text) => {
    if (text.includes('/')) return text;
    return `${text}/${text.includes(':') ? 128 : 32}`;
  });

/** NATS counts the bytes of a message in 32 bits. */
const MAX_PAYLOAD_BYTES = 2 ** 31 - 1;

const roleLimits = z
  .strictObject({
    subscriptions: integer(
      { min: 1, max: 1_000_000_000 },
      'Maximum number of subscriptions at a time.',
    ).optional(),
    payload: size('Largest message.', { max: MAX_PAYLOAD_BYTES }).optional(),
    data: size(
      'Total data over one connection. Written into credentials, but NATS servers do not enforce it.',
    ).optional(),
  })
  .prefault({})
  .meta({ description: 'Limits of a connection. Default: the limits of the account.' });

export const roleSchema = z
  .strictObject({
    description: text('Description for people, shown by `check` and in the role list.').optional(),
    account: z
      .string({ error: missing('write the name of one of your accounts') })
      .regex(NAME, NAME_RULE)
      .meta({
        title: 'name',
        description: 'Key under `accounts`.',
      }),
    publish: subjectRules('What may be published. Default: nothing.'),
    subscribe: subjectRules(
      'What may be subscribed to. Default: nothing. `subject group`, with one space, allows the subject only to members of that queue group. An entry such as `_INBOX_orders.>` becomes the inbox prefix that clients are given.',
    ),
    responses: z
      .strictObject({
        max: integer(
          { min: 1, max: 1_000_000 },
          'Maximum number of replies to each request.',
        ).prefault(1),
        ttl: duration('Time after the request in which replies are allowed.').prefault('1m'),
      })
      .optional()
      .meta({
        description:
          'Lets a service publish to the reply subject of every message that it receives, in addition to what `publish` allows: `responses: { max: 1, ttl: 30s }`.',
      }),
    limits: roleLimits,
    sources: oneOrMore(network, 'network').optional().meta({
      description:
        'Networks or addresses that connections must come from. `0.0.0.0/0` covers IPv4 only, `::/0` IPv6 only.',
    }),
    times: z
      .array(span)
      .min(1, 'is empty: give at least one span, or leave it out')
      .optional()
      .meta({
        description:
          'Times of day at which connections are allowed, as `start` and `end`. An end before its start is on the next day.',
      }),
    timezone: timezone.optional(),
    connectionTypes: oneOrMore(
      z.enum(CONNECTION_TYPES, { error: `write one of ${CONNECTION_TYPES.join(', ')}` }),
      'connection type',
    )
      .optional()
      .meta({
        description: 'Kinds of connection for which the credential is valid. Default: all.',
      }),
    signing: z.enum(['scoped', 'direct'], { error: 'write scoped or direct' }).optional().meta({
      description:
        'In managed accounts, where the permissions are: in the account JWT, on a separate signing key for the role (`scoped`), or in each credential (`direct`). Default: `scoped` if possible; `nats-sts check` shows which.',
    }),
    maxTtl: duration('Maximum lifetime of a credential.').prefault('1h'),
  })
  .refine(({ times, timezone }) => times === undefined || timezone !== undefined, {
    path: ['times'],
    error: 'have no time zone: add timezone: UTC, or another zone',
  })
  .meta({ description: 'A named set of permissions and limits in one account.' });

export type RoleSettings = z.output<typeof roleSchema>;
