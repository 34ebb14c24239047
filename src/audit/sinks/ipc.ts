import type { Channel } from '../../store/ipc/channel.ts';
import type { AuditEvent } from '../event.ts';
import type { AuditLog, RecordingLog, StoredRecord } from '../log.ts';

/** What the primary process answers a worker. */
export type AuditAnswers = {
  readonly 'audit.append': (record: StoredRecord) => Promise<void>;
};

/** The audit log in a worker: the primary process writes the records of all workers, many in one commit. */
export function openIpcLog(channel: Channel<AuditAnswers>): AuditLog {
  const appending = new Set<Promise<void>>();
  let closed = false;
  return {
    async record(event: AuditEvent) {
      if (closed) throw new Error('the audit log is closed');
      const { type, time } = event;
      const appended = channel.call('audit.append', { type, time, json: JSON.stringify(event) });
      appending.add(appended);
      try {
        await appended;
      } catch (cause) {
        throw new Error('the audit record could not be written', { cause });
      } finally {
        appending.delete(appended);
      }
    },
    healthy: () => !closed && !channel.closed && (channel.vitals()?.healthy ?? true),
    async close() {
      closed = true;
      await Promise.allSettled(appending);
    },
  };
}

export function serveAudit(channel: Channel, log: Pick<RecordingLog, 'append'>): void {
  channel.serve({ 'audit.append': (record) => log.append(record) } satisfies AuditAnswers);
}
