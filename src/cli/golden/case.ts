import { resolve } from 'node:path';
import * as z from 'zod';
import { readDocument } from '../../config/document.ts';
import { createFindings } from '../../config/findings.ts';
import { readPart } from '../../config/read.ts';
import { createFiles } from '../../config/files.ts';
import { duration } from '../../config/schema/scalars.ts';
import { InvalidInput } from '../../errors.ts';
import type { Claims } from '../../identity/identity.ts';
import { withoutNulls } from '../../identity/payload.ts';
import { expectation } from './expectation.ts';

const who = {
  issuer: z.string().describe('The name of the issuer in the configuration'),
  claims: z
    .record(z.string(), z.json())
    .transform(withoutNulls)
    .describe('The claims that matter, the one that names the subject among them'),
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
  cases: z.array(goldenCase).min(1, 'has no case: a file without any proves nothing'),
});

/** One golden case: claims, and the decision that the policy must come to. */
export type GoldenCase = Omit<z.infer<typeof goldenCase>, 'claims'> & {
  readonly claims: Claims;
  /** The file, as it was named, and the line in it. */
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
