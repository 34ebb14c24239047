import type { AuditLog } from '../audit/log.ts';
import { type Clock, unixSeconds } from '../clock.ts';
import type { SharedState } from '../store/shared-state.ts';
import { isOver, readRevocation, REVOCATION_PREFIX } from './revocation.ts';

/** How often to look for revocations that ended. */
const EVERY_MILLISECONDS = 60_000;

/** Deletes ended revocations until the returned function is called. A failed attempt is repeated the next time. */
export function keepExpiring(parts: ExpireParts, onFault: (fault: unknown) => void): () => void {
  const timer = setInterval(() => {
    expireRevocations(parts).catch(onFault);
  }, EVERY_MILLISECONDS).unref();
  return () => clearInterval(timer);
}

export interface ExpireParts {
  readonly state: Pick<SharedState, 'list' | 'write'>;
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/**
 * Deletes the revocations that no token and no credential can match any more. May run in several processes
 * at once; the one that deletes a revocation records it.
 */
export async function expireRevocations({ state, audit, clock }: ExpireParts): Promise<void> {
  const now = unixSeconds(clock);
  for (const { key, value, revision } of await state.list(REVOCATION_PREFIX)) {
    const revocation = readRevocation(value);
    if (!revocation || !isOver(revocation, now)) continue;
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
