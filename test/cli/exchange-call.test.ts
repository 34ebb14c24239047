import { expect, test } from 'vitest';
import { type ExchangeAnswer, exchangeUntilCurrent } from '../../src/cli/exchange-call.ts';
import { ExitCode } from '../../src/cli/exit-codes.ts';
import { ServiceRefusal } from '../../src/cli/service-call.ts';

const ANSWER: ExchangeAnswer = {
  jwt: 'a.b.c',
  role: 'orders',
  account: 'A',
  expires_at: 2_000_000_000,
  expires_in: 900,
  servers: [],
};
const OUTDATED: ExchangeAnswer = { ...ANSWER, new_permissions_in: 0 };

/** A service that gives these answers in order. Time passes only while the command sleeps. */
function answering(...answers: (ExchangeAnswer | Error)[]) {
  let now = 0;
  const pauses: number[] = [];
  return {
    pauses,
    exchange: async () => {
      const answer = answers.shift() ?? OUTDATED;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    options: {
      timeoutSeconds: 60,
      pace: {
        now: () => now,
        sleep: async (milliseconds: number) => {
          pauses.push(milliseconds);
          now += milliseconds;
        },
      },
    },
  };
}

test('waits at least a second, however soon the service says', async () => {
  const { exchange, options, pauses } = answering(OUTDATED, OUTDATED, ANSWER);
  expect(await exchangeUntilCurrent(exchange, options)).toBe(ANSWER);
  expect(pauses).toEqual([1000, 1000]);
});

test('a single-use token gives the credential of its one exchange', async () => {
  const used = new ServiceRefusal(ExitCode.denied, 'used', {
    reason: 'token_reused',
    retryAfterSeconds: undefined,
  });
  const { exchange, options } = answering(OUTDATED, used);
  expect(await exchangeUntilCurrent(exchange, options)).toBe(OUTDATED);
});

test('gives up at the timeout', async () => {
  const { exchange, options } = answering();
  await expect(exchangeUntilCurrent(exchange, options)).rejects.toThrow('gave up after 1m');
});
