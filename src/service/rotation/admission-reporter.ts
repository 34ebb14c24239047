import type { Assessment } from '../../account/assess.ts';
import { accountWarnings } from '../../account/admission.ts';
import { type Clock, unixSeconds } from '../../clock.ts';
import type { Log } from '../../log.ts';
import { CLIENTS, whyRefused } from '../../nats/admission.ts';
import type { RotatedAccount } from '../../rotator/rotated-account.ts';

/**
 * Logs what keeps the users of an account out of NATS, or soon will: once when it begins and once when it
 * ends. From two weeks before the account JWT expires, logs that once a day.
 */
export function admissionReporter({
  log,
  clock,
}: {
  readonly log: Log;
  readonly clock: Clock;
}): (account: RotatedAccount, assessment: Assessment) => void {
  const refused = new Map<string, string>();
  const warned = new Map<string, string>();

  function reportRefused(account: string, why: string | undefined): void {
    if (refused.get(account) === why) return;
    if (why === undefined) {
      refused.delete(account);
      log.info({ account }, 'NATS accepts users of the account again');
    } else {
      refused.set(account, why);
      log.error({ account, why }, 'NATS refuses all users of an account; nothing is issued for it');
    }
  }

  function warn(account: string, warnings: readonly string[]): void {
    const text = warnings.join('; ');
    if ((warned.get(account) ?? '') === text) return;
    warned.set(account, text);
    if (text !== '')
      log.warn({ account, warnings }, 'the account needs attention from its operator');
  }

  return ({ name, use = CLIENTS, byCallout = false }, { admission, base, warnings = [] }) => {
    if (!admission) return;
    const nowSeconds = unixSeconds(clock);
    const why = whyRefused(admission, { nowSeconds, use, byCallout });
    reportRefused(name, why);
    const soon = why === undefined && base ? accountWarnings(base, nowSeconds) : [];
    warn(name, [...soon, ...warnings]);
  };
}
