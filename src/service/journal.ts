import type { AuditLog } from '../audit/log.ts';
import { audited, origin, record } from '../audit/record.ts';
import { recordFailedLogin } from '../audit/refusals.ts';
import type { Clock } from '../clock.ts';
import type { RefusalReason } from '../errors.ts';
import type { Log } from '../log.ts';
import type { FailedEntry, Journal, LoginFacts } from '../login/journal.ts';
import type { Caller } from '../login/session.ts';
import type { Metrics } from './metrics/service-metrics.ts';

/**
 * Records each step of a login in the audit log, then counts it. Failures that an operator must fix also
 * go to the service's log.
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
    async record({ step, ...facts }, caller) {
      const unrecorded = await record(audit, {
        type: 'login',
        step,
        ...origin(clock, atLogin(caller)),
        ...fieldsOf(facts),
      });
      metrics.loginStep({ step, issuer: issuerOf(facts), outcome: unrecorded?.reason ?? 'ok' });
      return unrecorded;
    },
    async refuse({ refusal, ...facts }, caller) {
      const login = { refusal, ...fieldsOf(facts) };
      const answer = await recordFailedLogin({ audit, clock }, atLogin(caller), login);
      logForOperator(log, { refusal, ...facts }, caller);
      metrics.loginStep({ step: 'failed', issuer: issuerOf(facts), outcome: answer.reason });
      return answer;
    },
  };
}

const FOR_OPERATORS: ReadonlySet<RefusalReason> = new Set(['login_failed', 'issuer_unavailable']);

function logForOperator(
  log: Pick<Log, 'warn'>,
  { issuerName, refusal: { reason, detail } }: FailedEntry,
  { requestId }: Caller,
): void {
  if (!FOR_OPERATORS.has(reason)) return;
  log.warn({ issuer: issuerName, reason, detail, requestId }, 'sign-in failed');
}

function atLogin({ requestId, address }: Caller) {
  return { door: 'login', requestId, address } as const;
}

/** The facts in the form of a record: if there is an identity, the issuer's name is in it. */
function fieldsOf({ identity, issuerName, ...rest }: LoginFacts) {
  if (identity) return { ...rest, identity: audited(identity) };
  return { ...rest, ...(issuerName !== undefined && { issuerName }) };
}

/** The operator's name for the issuer; empty if unknown. */
function issuerOf({ identity, issuerName }: LoginFacts): string {
  return identity?.issuerName ?? issuerName ?? '';
}
