import type { Log } from '../../log.ts';

/** How often one kind is logged: anyone can cause them, and the audit log has each. */
const EVERY_MILLISECONDS = 10_000;

/** Logs a warning about requests of auth callouts; of each kind, one in ten seconds, with how many were left out. */
export function boundedWarning(
  log: Log,
): (kind: string, facts: Readonly<Record<string, unknown>>) => void {
  const kinds = new Map<string, { since: number; leftOut: number }>();
  return (kind, facts) => {
    const now = performance.now();
    const known = kinds.get(kind);
    if (known && now - known.since < EVERY_MILLISECONDS) {
      known.leftOut += 1;
      return;
    }
    kinds.set(kind, { since: now, leftOut: 0 });
    log.warn(
      { ...facts, ...(known && known.leftOut > 0 && { leftOut: known.leftOut }) },
      'auth callout',
    );
  };
}
