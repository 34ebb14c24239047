import type { AuditLog } from '../audit/log.ts';
import { audited, auditedReason, record } from '../audit/record.ts';
import type { Clock } from '../clock.ts';
import type { RefusalReason } from '../errors.ts';
import type { Log } from '../log.ts';
import type { Journal, JournalEntry } from '../login/journal.ts';
import type { Metrics } from './metrics.ts';

/**
 * Each step of a login into the audit log, and counted once it is there. What an operator has to
 * fix goes into the service's log as well.
 */
export function journalOf({
  audit,
  clock,
  log,
  metrics,
}: {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Pick<Log, 'warn'>;
  readonly metrics: Pick<Metrics, 'loginStep'>;
}): Journal {
  return {
    async tell(entry, { requestId, address }) {
      const { identity, refusal, issuerName, ...rest } = entry;
      const unrecorded = await record(audit, {
        type: 'login',
        time: clock.now(),
        door: 'login',
        requestId,
        address,
        ...rest,
        ...(identity ? { identity: audited(identity) } : issuerName && { issuerName }),
        ...(refusal && auditedReason(refusal)),
      });
      if (refusal && FOR_OPERATORS.has(refusal.reason)) {
        const { reason, detail } = refusal;
        log.warn({ issuer: issuerName, reason, detail, requestId }, 'sign-in failed');
      }
      metrics.loginStep(counted(entry, unrecorded?.reason));
      return unrecorded;
    },
  };
}

const FOR_OPERATORS: ReadonlySet<RefusalReason> = new Set(['login_failed', 'issuer_unavailable']);

/** What the metrics count; `ok`, or why it came to nothing. */
function counted(
  { step, identity, issuerName, refusal }: JournalEntry,
  unrecorded: string | undefined,
): Parameters<Metrics['loginStep']>[0] {
  return {
    step,
    issuer: identity?.issuerName ?? issuerName ?? '',
    outcome: unrecorded ?? refusal?.reason ?? 'ok',
  };
}
