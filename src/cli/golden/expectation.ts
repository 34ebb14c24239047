import * as z from 'zod';
import { duration } from '../../config/schema/scalars.ts';
import { didYouMean } from '../../suggest.ts';
import { REASONS } from '../../errors.ts';

const subjects = z.union(
  [
    z.array(z.string()),
    z.strictObject({
      allow: z.array(z.string()).optional(),
      deny: z.array(z.string()).optional(),
    }),
  ],
  'write a list of subjects, or { allow: […], deny: […] }',
);

const reason = z
  .string()
  .refine((text) => Object.hasOwn(REASONS, text), {
    error: ({ input }) =>
      `is no reason of a denial${didYouMean(String(input), Object.keys(REASONS))}: no_binding, role_not_allowed and actor_not_allowed are the most common`,
  })
  .describe('The reason of the denial, such as no_binding');

/** What goes with each outcome. A word that a case could not fail by is a mistake, not decoration. */
const OF_A_GRANT = ['binding', 'ttl', 'publish', 'subscribe'] as const;
const OF_A_DENIAL = ['failed'] as const;

/** What the policy must come to: a grant (`role`) or a denial (`denied`), and as much more as is given. */
export const expectation = z
  .strictObject({
    role: z.string().optional().describe('The role that is granted'),
    binding: z.string().optional().describe('The binding that decides'),
    ttl: duration('The granted lifetime').optional(),
    publish: subjects.optional().describe('Subjects that may be published to, all'),
    subscribe: subjects.optional().describe('Subjects that may be subscribed to, all'),
    denied: reason.optional(),
    failed: z
      .string()
      .optional()
      .describe('The claim whose condition fails in the binding that comes nearest'),
  })
  .superRefine((expected, context) => {
    if ((expected.role === undefined) === (expected.denied === undefined)) {
      context.addIssue({
        code: 'custom',
        message: 'say either `role: NAME` (granted) or `denied: REASON`',
      });
      return;
    }
    const [keys, other] =
      expected.denied === undefined
        ? [OF_A_DENIAL, 'goes with `denied`']
        : [OF_A_GRANT, 'goes with `role`, and this case is a denial'];
    for (const key of keys) {
      if (expected[key] === undefined) continue;
      context.addIssue({ code: 'custom', path: [key], message: other });
    }
  });

export type Expectation = z.infer<typeof expectation>;
