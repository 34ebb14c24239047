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

/** Subjects without saying whether they are allowed or denied. */
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
          description: 'Subjects; `{{claims.name}}` is filled in.',
        }),
        deny: anyNumber(z.string(), 'subject').meta({
          description: 'Subjects taken out of what is allowed.',
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
      'is equal to start, so NATS would let nobody in: for the whole day leave `times` out, for a span over midnight write an earlier end',
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
      'IANA name of the zone that `times` are in. For zones other than UTC the NATS servers need time zone data (the package `tzdata`).',
  });

/** `sources` as NATS takes them: a lone address is the network of that one address. */
const network = z
  .string()
  .refine(isNetwork, 'is not a network such as 10.0.0.0/8, nor an address')
  .transform((text) => {
    if (text.includes('/')) return text;
    return `${text}/${text.includes(':') ? 128 : 32}`;
  });

/** NATS counts the bytes of a message in 32 bits. */
const MAX_PAYLOAD_BYTES = 2 ** 31 - 1;

const roleLimits = z
  .strictObject({
    subscriptions: integer({ min: 1, max: 1_000_000_000 }, 'Subscriptions at once.').optional(),
    payload: size('Largest message.', { max: MAX_PAYLOAD_BYTES }).optional(),
    data: size(
      'Bytes in all over one connection. Written into credentials, but NATS servers do not enforce it.',
    ).optional(),
  })
  .prefault({})
  .meta({ description: 'Limits of a connection. Left out: those of the account.' });

export const roleSchema = z
  .strictObject({
    description: text('For people; shown by `check` and in the role list.').optional(),
    account: z
      .string({ error: missing('write the name of one of your accounts') })
      .regex(NAME, NAME_RULE)
      .meta({
        title: 'name',
        description: 'Key under `accounts`.',
      }),
    publish: subjectRules('What may be published. Left out: nothing.'),
    subscribe: subjectRules(
      'What may be subscribed to. Left out: nothing. An entry `subject group`, with one space, is for members of that queue group only. An entry such as `_INBOX_orders.>` is told to clients as their inbox prefix.',
    ),
    responses: z
      .strictObject({
        max: integer({ min: 1, max: 1_000_000 }, 'Replies to each request.').prefault(1),
        ttl: duration('How long after the request they may come.').prefault('1m'),
      })
      .optional()
      .meta({
        description:
          'Lets a service publish to the reply subject of every message that it receives, besides what `publish` allows: `responses: { max: 1, ttl: 30s }`.',
      }),
    limits: roleLimits,
    sources: oneOrMore(network, 'network').optional().meta({
      description:
        'Networks, or single addresses, that connections must come from. `0.0.0.0/0` is all of IPv4 only, `::/0` all of IPv6 only.',
    }),
    times: z.array(span).min(1, 'give at least one span, or leave it out').optional().meta({
      description:
        'Times of day within which connections are allowed, as `start` and `end`. An end before its start is on the next day.',
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
