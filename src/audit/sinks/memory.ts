import type { AuditEvent } from '../event.ts';
import { matches } from '../filter.ts';
import type { AuditFilter, AuditLog } from '../log.ts';

/** A log that lasts as long as the process: for tests and experiments. */
export interface MemoryLog extends AuditLog {
  /** Like `AuditReader.list`; still works after `close`. */
  list(filter?: AuditFilter): Iterable<AuditEvent>;
  /** From now on `record` rejects with this cause; `undefined` repairs it. */
  breakWith(cause: Error | undefined): void;
}

export function createMemoryLog(): MemoryLog {
  const events: AuditEvent[] = [];
  let broken: Error | undefined;
  let healthy = true;
  let closed = false;

  return {
    async record(event) {
      if (closed) throw new Error('the audit log is closed');
      healthy = broken === undefined;
      if (broken !== undefined) {
        throw new Error('the audit record could not be written', { cause: broken });
      }
      events.push(structuredClone(event));
    },
    list(filter = {}) {
      const found = events
        .filter((event) => matches(filter, event))
        .toSorted((a, b) => a.time - b.time);
      return filter.limit === undefined
        ? found
        : found.slice(Math.max(0, found.length - filter.limit));
    },
    breakWith(cause) {
      broken = cause;
    },
    healthy: () => healthy && broken === undefined,
    async close() {
      closed = true;
    },
  };
}
