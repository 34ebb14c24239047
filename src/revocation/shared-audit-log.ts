import { setImmediate as turn } from 'node:timers/promises';
import type { StoreConnection } from '../store/jetstream/connection.ts';
import type { AuditEvent } from '../audit/event.ts';
import type { RecordingLog } from '../audit/log.ts';
import type { JetStreamLedger } from './jetstream-ledger.ts';
import { openOutbox, type Outbox, type OutboxOptions } from './outbox.ts';

export interface SharedAuditLogOptions
  extends Omit<OutboxOptions, 'destination'>,
    Omit<ForwarderOptions, 'outbox' | 'ledger'> {
  /** The local log, in `store`. */
  readonly log: RecordingLog;
  readonly ledger: Pick<JetStreamLedger, 'record' | 'destination'>;
}

/**
 * An audit log that makes every issued credential known to the other processes as well.
 *
 * `record` commits locally, then waits for the shared ledger: what is signed after it resolves can
 * be found by every revocation. While the store is unreachable or slow it does not wait; the credential
 * gets there later, in order, also after a restart. The shared ledger never makes `record` reject,
 * and `healthy` is the local log's.
 */
export function shareAuditLog({ log, ...options }: SharedAuditLogOptions): RecordingLog {
  const { destination } = options.ledger;
  const forwarder = createForwarder({
    ...options,
    outbox: openOutbox({ ...options, destination }),
  });
  const sent = async (type: AuditEvent['type'], committed: Promise<void>): Promise<void> => {
    await committed;
    if (type === 'issued') await forwarder.forward();
  };
  return {
    record: (event) => sent(event.type, log.record(event)),
    append: (record) => sent(record.type, log.append(record)),
    healthy: () => log.healthy(),
    async close() {
      await log.close();
      await forwarder.close();
    },
  };
}

/** Brings everything from the outbox to the shared ledger, in its order, for as long as it takes. */
interface Forwarder {
  /**
   * Resolves once everything that is committed now has arrived. Does not wait while the store is
   * unreachable or behind, nor longer than a second; it then continues in the background.
   */
  forward(): Promise<void>;
  /** Sends what is left, within the same second, and ends. */
  close(): Promise<void>;
}

interface ForwarderOptions {
  readonly outbox: Outbox;
  readonly ledger: Pick<JetStreamLedger, 'record'>;
  readonly connection: Pick<StoreConnection, 'connected' | 'onReconnect'>;
  /** Called once with the reason when records fall behind, and once with `undefined` when all have arrived. */
  readonly onBehind?: (fault: unknown) => void;
  readonly waitMilliseconds?: number;
}

/** How often a store that has failed is tried again, and the mark is saved. */
const UPKEEP_MILLISECONDS = 500;

interface Waiting {
  /** What it waits for. */
  readonly mark: number;
  readonly resolve: () => void;
}

function createForwarder({
  outbox,
  ledger,
  connection,
  onBehind,
  waitMilliseconds = 1000,
}: ForwarderOptions): Forwarder {
  const waiting = new Set<Waiting>();
  let sending = false;
  // Until the first pass it is not known what an earlier process has left.
  let behind = true;
  let told = false;
  let closed = false;

  function fellBehind(fault: unknown): void {
    behind = true;
    release(Number.POSITIVE_INFINITY);
    if (told || closed) return;
    told = true;
    onBehind?.(fault);
  }

  function caughtUp(): void {
    behind = false;
    release(Number.POSITIVE_INFINITY);
    if (!told) return;
    told = false;
    onBehind?.(undefined);
  }

  function release(mark: number): void {
    for (const one of waiting) if (one.mark <= mark) one.resolve();
  }

  /** One at a time; what is committed while it runs, it sends too. */
  async function send(): Promise<void> {
    if (sending) return;
    sending = true;
    try {
      while (!closed) {
        const portion = outbox.next();
        if (!portion) break;
        await ledger.record(portion.credentials);
        outbox.arrived(portion.mark);
        release(portion.mark);
        if (portion.credentials.length === 0) await turn();
      }
      caughtUp();
    } catch (fault) {
      fellBehind(fault);
    } finally {
      sending = false;
    }
  }

  function arrival(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const one = { mark: outbox.end(), resolve };
    waiting.add(one);
    const timer = setTimeout(
      () => fellBehind(new Error(`the store took longer than ${waitMilliseconds} ms`)),
      waitMilliseconds,
    );
    return promise.finally(() => {
      waiting.delete(one);
      clearTimeout(timer);
    });
  }

  function save(): void {
    try {
      outbox.save();
    } catch {
      // The audit log reports a file that it cannot write; here it only means sending some records again.
    }
  }

  const timer = setInterval(() => {
    if (behind && connection.connected()) void send();
    save();
  }, UPKEEP_MILLISECONDS).unref();
  const stopListening = connection.onReconnect(() => void send());
  void send();

  return {
    async forward() {
      // While behind, the timer tries again, not every request.
      if (behind) return;
      try {
        if (!connection.connected()) throw new Error('there is no connection to the store');
        const arrived = arrival();
        void send();
        await arrived;
      } catch (fault) {
        fellBehind(fault);
      }
    },
    async close() {
      clearInterval(timer);
      stopListening();
      if (connection.connected()) {
        const arrived = arrival();
        void send();
        await arrived;
      }
      closed = true;
      save();
    },
  };
}
