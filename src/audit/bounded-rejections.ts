import type { Clock } from '../clock.ts';
import type { AuditLog } from './log.ts';

/** So many may be written at once, and so many more for each second that passes. */
const BURST = 1000;
const PER_SECOND = 10;

/**
 * Keeps strangers from filling the disk: whoever can reach the service can send tokens that prove
 * nothing, and each would leave a `rejected` record. Beyond the bound (about 900,000 a day) they
 * are left out of the log and told to `onDropped`; records of verified identities never are.
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
      if (event.type !== 'rejected' || take()) return log.record(event);
      onDropped();
    },
    healthy: () => log.healthy(),
    close: () => log.close(),
  };
}
