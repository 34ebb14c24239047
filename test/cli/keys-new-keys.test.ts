import { expect, test } from 'vitest';
import type { KeysAnswer } from '../../src/admin-api/keys.ts';
import { CliError, ExitCode } from '../../src/cli/exit-codes.ts';
import { newKeys } from '../../src/cli/keys/new-keys.ts';
import { ServiceRefusal } from '../../src/cli/service-call.ts';
import { adminAccount, adminKey, publicKey } from './admin-service.ts';

const SLOT = { account: 'APP', slot: '*' };
const old = publicKey('AOLD');
const next = publicKey('ANEXT');

function answer(signing: string): KeysAnswer {
  const key = adminKey({ state: 'active', public_key: signing });
  return {
    accounts: [adminAccount({ keys: [key] })],
    rotator: { leader: 'sts-0', lease_until: null },
    sessions_known: true,
  };
}

/** Waits for a key that is active after `seconds`. `refuse` may refuse the look at a given time. */
async function waitFor({
  seconds = Infinity,
  timeout = 300,
  refuse = () => undefined,
}: {
  readonly seconds?: number;
  readonly timeout?: number;
  readonly refuse?: (now: number) => Error | undefined;
}) {
  let now = 0;
  const looks: number[] = [];
  const found = await newKeys({
    before: answer(old),
    requested: [SLOT],
    timeout,
    client: {
      keys: async () => {
        looks.push(now / 1000);
        const refusal = refuse(now / 1000);
        if (refusal) throw refusal;
        return answer(now >= seconds * 1000 ? next : old);
      },
    },
    pace: {
      now: () => now,
      sleep: async (milliseconds) => {
        now += milliseconds;
      },
    },
  }).catch((error: unknown) => error);
  return { found, looks };
}

const TURNED = [{ ...SLOT, public_key: next, instead_of: old }];
const tooOften = (seconds?: number) =>
  new ServiceRefusal(ExitCode.unavailable, 'slow', {
    retryAfterSeconds: seconds,
    reason: 'too_many_requests',
  });

test('looks after one second, then every five seconds: far below the limit for an identity', async () => {
  expect(await waitFor({ seconds: 15 })).toEqual({ found: TURNED, looks: [1, 6, 11, 16] });
  const { looks } = await waitFor({ timeout: 120 });
  expect(looks.filter((look) => look < 60).length).toBeLessThanOrEqual(12);
});

test('waits as long as Retry-After says, then looks again', async () => {
  const refuse = (now: number) => (now === 1 ? tooOften(20) : undefined);
  expect(await waitFor({ seconds: 10, refuse })).toEqual({ found: TURNED, looks: [1, 21] });
});

test('a Retry-After beyond the timeout ends the wait', async () => {
  const refusal = tooOften(20);
  const { found, looks } = await waitFor({ timeout: 15, refuse: () => refusal });
  expect([found, looks]).toEqual([refusal, [1]]);
});

test('any other error ends the wait', async () => {
  for (const fault of [tooOften(), new CliError(ExitCode.unavailable, 'cannot reach it')]) {
    expect(await waitFor({ refuse: () => fault })).toEqual({ found: fault, looks: [1] });
  }
});

test('the last look is at the timeout', async () => {
  expect((await waitFor({ seconds: 8, timeout: 8 })).looks).toEqual([1, 6, 8]);
  const { found, looks } = await waitFor({ seconds: 9, timeout: 8 });
  expect([String(found), looks]).toEqual([expect.stringContaining('after 8s'), [1, 6, 8]]);
});
