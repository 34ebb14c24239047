import * as z from 'zod';
import { resolve } from 'node:path';
import { readDocument } from '../../config/document.ts';
import { createFindings } from '../../config/findings.ts';
import { readPart } from '../../config/read.ts';
import { createFiles } from '../../config/files.ts';
import { duration } from '../../config/schema/scalars.ts';
import { InvalidInput, REASONS } from '../../errors.ts';
import type { Claims } from '../../identity/identity.ts';
import { withoutNulls } from '../../identity/payload.ts';
import { didYouMean } from '../../suggest.ts';

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
      `is not a reason for a denial${didYouMean(String(input), Object.keys(REASONS))}: the most common are no_binding, role_not_allowed, and actor_not_allowed`,
  })
  .describe('The reason of the denial, such as no_binding');

/** Which keys belong to each outcome. A key that can never make a case fail is a mistake. */
const OF_A_GRANT = ['binding', 'ttl', 'publish', 'subscribe'] as const;
const OF_A_DENIAL = ['failed'] as const;

/** The expected decision: a grant (`role`) or a denial (`denied`), and optional details. */
const expectation = z
  .strictObject({
    role: z.string().optional().describe('The role that is granted'),
    binding: z.string().optional().describe('The binding that decides'),
    ttl: duration('The granted lifetime').optional(),
    publish: subjects.optional().describe('All subjects that may be published to'),
    subscribe: subjects.optional().describe('All subjects that may be subscribed to'),
    denied: reason.optional(),
    failed: z
      .string()
      .optional()
      .describe('The claim whose condition fails in the closest binding'),
  })
  .superRefine((expected, context) => {
    if ((expected.role === undefined) === (expected.denied === undefined)) {
      context.addIssue({
        code: 'custom',
        message:
          'has neither or both of role and denied: write either `role: NAME` or `denied: REASON`',
      });
      return;
    }
    const [keys, other] =
      expected.denied === undefined
        ? [OF_A_DENIAL, 'works only with `denied`: remove it']
        : [OF_A_GRANT, 'works only with `role`, but this case expects a denial: remove it'];
    for (const key of keys) {
      if (expected[key] === undefined) continue;
      context.addIssue({ code: 'custom', path: [key], message: other });
    }
  });

export type Expectation = z.infer<typeof expectation>;

const who = {
  issuer: z.string().describe('The name of the issuer in the configuration'),
  claims: z
    .record(z.string(), z.json())
    .transform(withoutNulls)
    .describe('The claims that matter, including the one for the subject'),
};

const goldenCase = z.strictObject({
  name: z.string(),
  ...who,
  actor: z.strictObject(who).optional().describe('Who acts for the subject'),
  ask: z
    .strictObject({
      role: z.string().optional(),
      account: z.string().optional(),
      ttl: duration('Wanted lifetime').optional(),
    })
    .prefault({}),
  expect: expectation,
});

const goldenFile = z.strictObject({
  cases: z.array(goldenCase).min(1, 'is empty: write at least one case'),
});

/** One golden case: claims, and the expected decision. */
export type GoldenCase = Omit<z.infer<typeof goldenCase>, 'claims'> & {
  readonly claims: Claims;
  /** The file as given, and the line. */
  readonly place: string;
};

/** @throws InvalidInput with every problem of the file. */
export function readGoldenCases(file: string): GoldenCase[] {
  const text = createFiles().text(resolve(file));
  if (typeof text !== 'string') throw new InvalidInput(file, [{ path: '', message: text.reason }]);
  const document = readDocument(text);
  const findings = createFindings();
  const read = document.usable ? readPart(goldenFile, document.value, '', findings) : undefined;
  const found = findings.problems.map((problem) => {
    const line = document.lineOf(problem.path);
    return line === undefined ? problem : { ...problem, line };
  });
  const problems = [...document.problems, ...found];
  if (problems.length > 0 || !read) throw new InvalidInput(file, problems);
  return read.cases.map((golden, index) => ({
    ...golden,
    place: `${file}:${document.lineOf(`cases[${index}]`) ?? 1}`,
  }));
}
