import { expect, test } from 'vitest';
import { unknownKids } from '../../../src/identity/keys/unknown-kids.ts';

const header = (kid: string | undefined) => ({ alg: 'RS256', kid }) as const;

test('an unknown key name is remembered for a minute, per algorithm', () => {
  const unknown = unknownKids();
  unknown.remember(header('k'), 0);
  expect(unknown.remembers(header('k'), 59_999)).toBe(true);
  expect(unknown.remembers(header('k'), 60_000)).toBe(false);
  expect(unknown.remembers({ alg: 'ES256', kid: 'k' }, 0)).toBe(false);
  expect(unknown.remembers(header(undefined), 0)).toBe(false);
});

test('a thousand names are remembered, and the oldest go first', () => {
  const unknown = unknownKids();
  for (let i = 0; i < 1_000; i++) unknown.remember(header(`${i}`), 0);
  unknown.remember(header('0'), 1);
  unknown.remember(header('one more'), 1);
  const remembered = ['0', '1', '2', '999', 'one more'].filter((kid) =>
    unknown.remembers(header(kid), 1),
  );
  expect(remembered).toEqual(['0', '2', '999', 'one more']);
});
