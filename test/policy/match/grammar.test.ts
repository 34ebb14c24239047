import { expect, test } from 'vitest';
import { matchSchema } from '../../../src/policy/match/grammar.ts';

test('a fault is explained in a time that does not double with each level above it', () => {
  const levels = 60;
  let condition: unknown = { bogus: 1 };
  for (let level = 0; level < levels; level += 1) condition = { not: [condition] };
  const { error } = matchSchema.safeParse({ sub: condition });
  const [issue] = error?.issues ?? [];
  expect(issue?.path).toEqual(['sub']);
  expect(issue?.message).toMatch(/^(?:within not: ){60}unknown key "bogus"/);
});
