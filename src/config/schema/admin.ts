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
          'Whom tokens must be meant for to administer, beside what the issuer demands. With an audience of its own, which the issuer lists too, a token that an administrator made to exchange it does not open `/admin`.',
      }),
      match: matchSchema,
    }),
  )
  .optional()
  .meta({
    description:
      'Identities that may see and rotate signing keys, revoke, and list credentials, over `/admin` and with `nats-sts keys` and `nats-sts revoke`. Left out: nobody.',
  });

export const rotatorSchema = z
  .strictObject({
    lease: duration(
      'How long a rotator that went silent keeps the others from taking over. A new signing key signs as soon as every server has it; in the two lease terms after a takeover from a process that crashed it waits until those have passed.',
      { min: 1, max: 600 },
    ).prefault('10s'),
  })
  .prefault({})
  .meta({
    description:
      'The part that rotates signing keys: one process at a time, whichever has the lease.',
  });
