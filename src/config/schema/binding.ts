import { z } from 'zod';
import { matchSchema } from '../../policy/match/grammar.ts';
import { missing, NAME, NAME_RULE, oneOrMore, text } from './scalars.ts';

export const bindingSchema = z
  .strictObject({
    name: text(
      'Unique; it stands in denials, logs and the audit log.',
      'write a name of your choice; logs and denials show it',
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
      'CEL expression over `claims`, `issuer` and `subject`; must be true as well. It does not hold where a claim that it names is missing, null, or a number beyond 2^53.',
    ).optional(),
    roles: oneOrMore(
      z.string().regex(NAME, NAME_RULE).meta({ title: 'name' }),
      'role',
      'list the roles that these identities may take, the default first, such as roles: [publisher]',
    ).meta({
      description: 'Keys under `roles` that these identities may take; the first is the default.',
    }),
  })
  .meta({
    description:
      'Identities of this issuer whose claims match may take these roles. The first that matches decides.',
  });

export type BindingSettings = z.output<typeof bindingSchema>;
