import { z } from 'zod';
import { matchSchema } from '../../policy/match/grammar.ts';
import { duration, missing, NAME, NAME_RULE, oneOrMore } from './scalars.ts';

export const adminSchema = z
  .array(
    z.strictObject({
      issuer: z
        .string({ error: missing('write the name of one of your issuers') })
        .regex(NAME, NAME_RULE)
        .meta({
          title: 'name',
          description: 'Key under `issuers`.',
        }),
      audience: oneOrMore(z.string().min(1, 'is empty'), 'audience').optional().meta({
        description:
          'Audience that administrator tokens must have, in addition to what the issuer requires. Give `/admin` an audience of its own, listed at the issuer too, and a token made for an exchange is not accepted at `/admin`.',
      }),
      match: matchSchema,
    }),
  )
  .optional()
  .meta({
    description:
      'Identities that may view and rotate signing keys, revoke credentials, and list credentials, through `/admin`, `nats-sts keys`, and `nats-sts revoke`. Default: nobody.',
  });

export const rotatorSchema = z
  .strictObject({
    lease: duration(
      'How long a rotator that stops responding prevents others from taking over. A new signing key normally signs as soon as every server has it; after a takeover from a crashed process, it signs only when two lease terms have passed.',
      { min: 1, max: 600 },
    ).prefault('10s'),
  })
  .prefault({})
  .meta({
    description:
      'The rotator replaces signing keys. It is active in one process at a time: the one that has the lease.',
  });
