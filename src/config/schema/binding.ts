import { z } from 'zod';
import { matchSchema } from '../../policy/match/grammar.ts';
import { missing, NAME, NAME_RULE, oneOrMore, text } from './scalars.ts';

export const bindingSchema = z
  .strictObject({
    name: text(
      'Unique name, shown in denials, logs, and the audit log.',
      'write a name of your choice, to be shown in logs and denials',
    ).max(120, 'is longer than 120 characters'),
    issuer: z
      .string({ error: missing('write the name of one of your issuers') })
      .regex(NAME, NAME_RULE)
      .meta({
        title: 'name',
        description: 'Key under `issuers`.',
      }),
    match: matchSchema,
    when: text(
      'CEL expression over `claims`, `issuer`, and `subject`. It must be true in addition to `match`. It is false if a claim that it names is missing, null, or a number beyond 2^53.',
    ).optional(),
    roles: oneOrMore(
      z.string().regex(NAME, NAME_RULE).meta({ title: 'name' }),
      'role',
      'list the roles that these identities may have, the default first, such as roles: [publisher]',
    ).meta({
      description:
        'Roles that these identities may have, as keys under `roles`. The first is the default.',
    }),
  })
  .meta({
    description:
      'Gives roles to identities of one issuer whose claims match. The first match that lists the requested role decides.',
  });

export type BindingSettings = z.output<typeof bindingSchema>;
