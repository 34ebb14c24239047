import type { Clock } from '../clock.ts';
import type { AuditEvent } from './event.ts';
import type { AuditLog } from './log.ts';

/** Reasons that anyone can bring about without a token that an issuer signed. */
const UNPROVEN: ReadonlySet<string> = new Set([
  'token_malformed',
  'token_too_large',
  'token_encrypted',
  'token_not_a_jwt',
  'token_header_unsupported',
  'issuer_unknown',
  'issuer_unavailable',
  'algorithm_not_allowed',
  'key_unknown',
  'key_unusable',
  'signature_invalid',
  'token_expired',
  'token_not_yet_valid',
  'token_lifetime_too_long',
  'claim_missing',
  'claim_malformed',
  'audience_mismatch',
  'token_kind_not_allowed',
  'tenant_not_allowed',
]);

/** So many may be written at once, and so many more for each second that passes. */
const BURST = 1000;
const PER_SECOND = 10;

/**
 * Keeps strangers from filling the disk: whoever can reach the service can send tokens that prove
 * nothing, or begin logins, and each would leave a record. Beyond the bound (about 900,000 a day) they
 * are left out of the log and told to `onDropped`. What a signed token was needed for never is: a
 * reused token, a wrong proof, a verified identity.
 */
export function boundRejections(
  log: AuditLog,
  { clock, onDropped }: { readonly clock: Clock; readonly onDropped: () => void },
): AuditLog {
  let left = BURST;
  let countedAt = clock.now();
  const take = (): boolean => {
    const now = clock.now();
    left = Math.min(BURST, left + (Math.max(0, now - countedAt) / 1000) * PER_SECOND);
    countedAt = now;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
  return {
    record: async (event) => {
      if (!isUnproven(event) || take()) return log.record(event);
      onDropped();
    },
    healthy: () => log.healthy(),
    close: () => log.close(),
  };
}

function isUnproven(event: AuditEvent): boolean {
  if (event.type === 'login') return event.identity === undefined;
  return event.type === 'rejected' && UNPROVEN.has(event.reason);
}
