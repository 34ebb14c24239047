import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { InvalidInput } from '../../errors.ts';
import type { Claims } from '../../identity/identity.ts';

const claims = z
  .record(z.string(), z.json())
  .describe('The claims that matter; the others may be left out');

const who = z.strictObject({
  issuer: z.string().describe('The name of the issuer in the configuration'),
  claims,
});

const expectation = z
  .strictObject({
    role: z.string().optional().describe('The role that is granted'),
    binding: z.string().optional().describe('The binding that decides'),
    ttl: z.int().positive().optional().describe('The granted lifetime in seconds'),
    publish: z.array(z.string()).optional().describe('Subjects that may be published to, all'),
    subscribe: z.array(z.string()).optional().describe('Subjects that may be subscribed to, all'),
    denied: z.string().optional().describe('The reason of the denial, such as no_binding'),
    failed: z
      .string()
      .optional()
      .describe('The claim whose condition fails in the binding that comes nearest'),
  })
  .refine((e) => (e.role === undefined) !== (e.denied === undefined), {
    message: 'say either `role: NAME` (granted) or `denied: REASON`',
  });

const goldenCase = who.extend({
  name: z.string(),
  actor: who.optional().describe('Who acts for the subject'),
  ask: z
    .strictObject({
      role: z.string().optional(),
      account: z.string().optional(),
      ttl: z.int().positive().optional(),
    })
    .default({}),
  expect: expectation,
});

const goldenFile = z.strictObject({ cases: z.array(goldenCase).min(1) });

/** One golden case: claims, and the decision that the policy must come to. */
export type GoldenCase = Omit<z.infer<typeof goldenCase>, 'claims'> & { readonly claims: Claims };

/** @throws InvalidInput with every problem of the file. */
export function readGoldenCases(file: string): GoldenCase[] {
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines });
  if (document.errors.length > 0) {
    throw new InvalidInput(
      file,
      document.errors.map(({ message, pos }) => ({
        path: '',
        message: message.split('\n', 1)[0] ?? message,
        line: lines.linePos(pos[0]).line,
      })),
    );
  }
  const parsed = goldenFile.safeParse(document.toJS());
  if (parsed.success) return parsed.data.cases;
  throw new InvalidInput(
    file,
    parsed.error.issues.map(({ path, message }) => {
      const node = document.getIn(path, true) as { range?: [number] } | undefined;
      return {
        path: path.map(String).join('.'),
        message,
        ...(node?.range && { line: lines.linePos(node.range[0]).line }),
      };
    }),
  );
}
