import { setTimeout as sleep } from 'node:timers/promises';
import { durationText } from '../config/schema/scalars.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import type { ExchangeAnswer } from './exchange-call.ts';
import { harmless, type Terminal } from './terminal.ts';
import { ServiceRefusal } from './service-call.ts';

/** How time passes, in milliseconds. */
interface Pace {
  now(): number;
  sleep(milliseconds: number): Promise<unknown>;
}

const REAL_PACE: Pace = {
  now: () => performance.now(),
  sleep: (milliseconds) => sleep(milliseconds),
};

/** Why a role has no key that signs for it as it is now. */
const WAITED_FOR = new Set(['signing_key_pending', 'signing_key_unavailable']);
/** A service that can't tell when is asked more often than it says. */
const LONGEST_PAUSE_SECONDS = 5;
const SHORTEST_PAUSE_SECONDS = 1;

/**
 * Exchanges, again and again, until the role's own key signs with the permissions that the role has
 * now; as often as the service says. A token that is good for one exchange only gives what that one gave.
 *
 * @throws CliError when that takes longer than `timeoutSeconds`, or the service refuses for another reason.
 */
export async function exchangeUntilCurrent(
  exchange: () => Promise<ExchangeAnswer>,
  { timeoutSeconds, pace = REAL_PACE }: { readonly timeoutSeconds: number; readonly pace?: Pace },
): Promise<ExchangeAnswer> {
  const deadline = pace.now() + timeoutSeconds * 1000;
  let outdated: ExchangeAnswer | undefined;
  for (;;) {
    const attempted = await attempt(exchange, outdated);
    if ('done' in attempted) return attempted.done;
    const { why, seconds } = attempted;
    ({ outdated } = attempted);
    const left = deadline - pace.now();
    if (left <= 0) throw gaveUp(timeoutSeconds, why);
    await pace.sleep(Math.min(Math.max(seconds, SHORTEST_PAUSE_SECONDS) * 1000, left));
  }
}

type Attempt =
  | { readonly done: ExchangeAnswer }
  | {
      readonly why: string;
      readonly seconds: number;
      /** A credential with the permissions of before. */
      readonly outdated: ExchangeAnswer | undefined;
    };

/** `outdated`: of the attempt before. */
async function attempt(
  exchange: () => Promise<ExchangeAnswer>,
  outdated: ExchangeAnswer | undefined,
): Promise<Attempt> {
  try {
    const answer = await exchange();
    const { new_permissions_in: seconds, role } = answer;
    if (seconds === undefined) return { done: answer };
    return {
      why: `role ${role} still has the permissions of before its last change`,
      seconds,
      outdated: answer,
    };
  } catch (error) {
    if (!(error instanceof ServiceRefusal)) throw error;
    if (error.reason === 'token_reused' && outdated) return { done: outdated };
    if (!WAITED_FOR.has(error.reason ?? '')) throw error;
    const { message: why, reason, retryAfterSeconds = LONGEST_PAUSE_SECONDS } = error;
    const pending = reason === 'signing_key_pending';
    const seconds = pending
      ? retryAfterSeconds
      : Math.min(retryAfterSeconds, LONGEST_PAUSE_SECONDS);
    return { why, seconds, outdated };
  }
}

function gaveUp(timeoutSeconds: number, why: string): CliError {
  return new CliError(
    ExitCode.unavailable,
    `gave up after ${durationText(timeoutSeconds)}: ${harmless(why)}\n` +
      'nats-sts keys list shows what the key waits for.',
  );
}

/** One line on stderr while a change of the role is not in force yet. */
export function tellIfOutdated(
  terminal: Terminal,
  answer: { readonly role: string; readonly new_permissions_in?: number | undefined },
  hint: string,
): void {
  const { role, new_permissions_in: seconds } = answer;
  if (seconds === undefined) return;
  terminal.err(
    harmless(
      `nats-sts: role ${role} was changed, and this credential has the permissions of before; in about ${durationText(seconds)}, ${hint}`,
    ) + '\n',
  );
}
