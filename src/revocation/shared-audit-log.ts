import type { AuditLog } from '../audit/log.ts';
import { createForwarder, type ForwarderOptions } from './forwarder.ts';
import { openOutbox, type OutboxOptions } from './outbox.ts';
import type { JetStreamLedger } from './jetstream-ledger.ts';

export interface SharedAuditLogOptions
  extends Omit<OutboxOptions, 'destination'>,
    Omit<ForwarderOptions, 'outbox' | 'ledger'> {
  /** The local log, in `store`. */
  readonly log: AuditLog;
  readonly ledger: Pick<JetStreamLedger, 'record' | 'destination'>;
}

/**
 * An audit log that makes every issued credential known to the other processes as well.
 *
 * `record` commits locally, then waits for the shared ledger: what is signed after it resolves can
 * be found by whoever revokes. While the store is cut off or slow it does not wait; the credential
 * gets there later, in order, also after a restart. The shared ledger never makes `record` reject,
 * and `healthy` is the local log's.
 */
export function shareAuditLog({ log, ...options }: SharedAuditLogOptions): AuditLog {
  const { destination } = options.ledger;
  const forwarder = createForwarder({
    ...options,
    outbox: openOutbox({ ...options, destination }),
  });
  return {
    async record(event) {
      await log.record(event);
      if (event.type === 'issued') await forwarder.forward();
    },
    healthy: () => log.healthy(),
    async close() {
      await log.close();
      await forwarder.close();
    },
  };
}
