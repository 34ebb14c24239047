import { expect, test } from 'vitest';
import type { Assessment } from '../../../src/account/assess.ts';
import { systemClock } from '../../../src/clock.ts';
import { emptyRing } from '../../../src/keyring/ring.ts';
import { rotationReporter } from '../../../src/service/rotation/reporter.ts';
import { rotated } from '../../rotator/rotator-world.ts';
import { captureLog } from '../../support/captured-log.ts';

const account = rotated();
const ring = emptyRing({ account: 'APP', publicKey: account.publicKey, kind: 'managed' });

function found(...problems: string[]): Assessment {
  const seen: Partial<Assessment> = { unusable: new Map(), confirmed: new Set(), problems };
  return seen as Assessment;
}

function tell() {
  const gauge: boolean[] = [];
  const { log, lines } = captureLog();
  const reporter = rotationReporter({
    log,
    audit: { record: async () => {}, healthy: () => true, close: async () => {} },
    clock: systemClock,
    metrics: {
      leads: () => {},
      succeeded: () => {},
      problems: (_account, any) => void gauge.push(any),
      confirmed: () => {},
      drifted: () => {},
      jwtBytes: () => {},
      planned: () => {},
    },
  });
  const said = () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
  return { reporter, gauge, said, lines };
}

const TROUBLE = 'cannot rotate signing keys; the active ones keep signing';
const OVER = 'signing keys can be rotated again';

test('pushes that keep failing are logged once, and once when they work again', () => {
  const { reporter, gauge, said } = tell();
  for (let pass = 0; pass < 3; pass += 1) {
    reporter.saw(account, ring, found());
    reporter.failed(account, new Error('no server accepted the account JWT'));
  }
  expect(said()).toEqual([TROUBLE]);
  expect(gauge).toEqual([true, true, true]);
  reporter.saw(account, ring, found());
  reporter.succeeded(account);
  expect(said()).toEqual([TROUBLE, OVER]);
  expect(gauge.at(-1)).toBe(false);
});

test('the findings of a pass and a later failure are one problem, in any order', () => {
  const { reporter, said, lines } = tell();
  for (const problems of [
    ['a is behind', 'b is behind'],
    ['b is behind', 'a is behind'],
  ]) {
    reporter.saw(account, ring, found(...problems));
    reporter.failed(account, new Error('push failed'));
  }
  expect(said()).toEqual([TROUBLE]);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    problems: ['a is behind', 'b is behind', 'push failed'],
  });
});

test('a problem that the next pass has fixed is logged, and so is the fix', () => {
  const { reporter, said } = tell();
  reporter.saw(account, ring, found('someone else signed it'));
  reporter.saw(account, ring, found());
  reporter.succeeded(account);
  expect(said()).toEqual([TROUBLE, OVER]);
});

test('a process that keeps giving up says so once, until a pass succeeds', () => {
  const { reporter, said } = tell();
  reporter.gaveUp();
  reporter.gaveUp();
  expect(said()).toHaveLength(1);
  reporter.succeeded(account);
  reporter.gaveUp();
  expect(said()).toHaveLength(2);
});
