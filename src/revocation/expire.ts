import type { AuditLog } from '../audit/log.ts';
import { type Clock, unixSeconds } from '../clock.ts';
import type { SharedState } from '../store/shared-state.ts';
import { isOver, parseRevocation, REVOCATION_PREFIX } from './revocation.ts';

/**
 * Deletes the revocations that have nothing left to refuse or to cut. May run in several processes
 * at once; whoever deletes one records it.
 */
export async function expireRevocations({
  state,
  audit,
  clock,
}: {
  readonly state: Pick<SharedState, 'list' | 'write'>;
  readonly audit: AuditLog;
  readonly clock: Clock;
}): Promise<void> {
  const now = unixSeconds(clock);
  for (const { key, value, revision } of await state.list(REVOCATION_PREFIX)) {
    const revocation = parseRevocation(value);
    if (!isOver(revocation, now)) continue;
    if ((await state.write(key, undefined, revision)) === undefined) continue;
    const { id, target, reason, block } = revocation;
    await audit.record({
      type: 'revocation',
      time: clock.now(),
      change: 'expired',
      id,
      target: { ...target },
      reason,
      block,
    });
  }
}
