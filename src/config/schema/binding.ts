import { z } from 'zod';
import type { MatchSpec, MatchValue } from '../../policy/policy.ts';
import { howToMatch } from './how-to-match.ts';
import { missing, NAME, NAME_RULE, oneOrMore, text } from './scalars.ts';

const value: z.ZodType<MatchValue> = z.lazy(() =>
  z.union(
    [
      z.string(),
      z.number(),
      z.boolean(),
      z.strictObject({ glob: z.string() }),
      z.strictObject({ regex: z.string() }),
      z.strictObject({
        not: z.union([value, z.array(value).min(1, 'is empty: list at least one value')]),
      }),
    ],
    { error: howToMatch },
  ),
);

const condition: z.ZodType<MatchSpec> = z.union(
  [
    value,
    z.array(value).min(1, 'is empty: list at least one value'),
    z.strictObject({ all: z.array(value).min(1, 'is empty: list at least one value') }),
  ],
  { error: howToMatch },
);

/** Claim name or JSON Pointer → condition. */
export const matchSchema = z
  .record(z.string().min(1, 'is empty'), condition, {
    error: ({ input }) =>
      input === null ? 'is empty: indent the claims below it, or write { sub: alice }' : undefined,
  })
  .prefault({})
  .meta({
    title: 'conditions',
    description:
      'Claim → condition; all must hold. A scalar is equality (strictly typed: `"42"` is not `42`), a list is any-of, `{glob: …}` and `{regex: …}` match the whole value, `{not: …}` the opposite, `{all: […]}` demands each of a list. A claim that is missing never matches; one that is null counts as missing, and a number beyond 2^53 matches nothing, because it may have been rounded. A key that begins with `/` is a JSON Pointer: `/realm_access/roles`.',
  });

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
