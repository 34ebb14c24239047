import type { RecordingLog } from '../audit/log.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import { openSingleUse, type SingleUse, SingleUseUnavailable } from '../identity/single-use.ts';
import type { Log } from '../log.ts';
import { openJetStreamLedger } from '../revocation/jetstream-ledger.ts';
import type { CredentialLedger } from '../revocation/ledger.ts';
import { shareAuditLog } from '../revocation/shared-audit-log.ts';
import { openSqliteLedger } from '../revocation/sqlite-ledger.ts';
import { openJetStreamSingleUse } from '../store/jetstream/single-use.ts';
import { openJetStreamState } from '../store/jetstream/state.ts';
import { connectStore } from '../store/jetstream/connection.ts';
import type { SharedState } from '../store/shared-state.ts';
import { openSqliteState } from '../store/sqlite/state.ts';
import type { Store } from '../store/sqlite/database.ts';

/** What the processes of one nats-sts share, in one SQLite file or in JetStream. */
export interface Stores {
  readonly state: SharedState;
  readonly ledger: CredentialLedger;
  readonly audit: RecordingLog;
  readonly singleUse: SingleUse;
}

export interface StoresOptions {
  readonly config: Pick<Config, 'store'>;
  /** The SQLite file of this process; it always holds the audit log. */
  readonly store: Store;
  /** The audit log in that file. The log in the result wraps it and closes it. */
  readonly audit: RecordingLog;
  readonly clock: Clock;
  readonly log: Log;
  /** The longest lifetime of any living credential. */
  readonly longestLifetimeSeconds: () => number;
  /** Collects what must be closed. */
  readonly stack: AsyncDisposableStack;
}

/** @throws StoreUnavailable */
export async function openStores(options: StoresOptions): Promise<Stores> {
  const { jetstream } = options.config.store;
  return jetstream ? openJetStream(options, jetstream) : openSqlite(options);
}

function openSqlite({ store, audit, clock, longestLifetimeSeconds, stack }: StoresOptions): Stores {
  stack.defer(() => audit.close());
  const state = openSqliteState({ store, clock });
  stack.defer(() => state.close());
  return {
    state,
    audit,
    ledger: openSqliteLedger({ store, clock, longestLifetimeSeconds }),
    singleUse: openSingleUse({ database: store.database, clock }),
  };
}

async function openJetStream(
  { store, audit, clock, log, longestLifetimeSeconds, stack }: StoresOptions,
  { bucket, servers, credsFile, replicas }: NonNullable<Config['store']['jetstream']>,
): Promise<Stores> {
  const connection = await connectStore({ servers, ...(credsFile !== undefined && { credsFile }) });
  stack.defer(() => connection.close());
  const place = { connection, bucket, replicas, clock };
  const state = await openJetStreamState(place);
  stack.defer(() => state.close());
  const ledger = await openJetStreamLedger(place);
  const shared = shareAuditLog({
    log: audit,
    ledger,
    store,
    clock,
    connection,
    longestLifetimeSeconds,
    onBehind: (fault) => logBehind(log, fault),
  });
  stack.defer(() => shared.close());
  return {
    state,
    ledger,
    audit: shared,
    singleUse: orSingleUseUnavailable(await openJetStreamSingleUse(place)),
  };
}

/** What another process keeps, so that it may not be reachable. */
export function orSingleUseUnavailable(claims: SingleUse): SingleUse {
  const unavailable = (cause: unknown): never => {
    throw new SingleUseUnavailable('could not record a used token', { cause });
  };
  return {
    claim: async (...what) => Promise.resolve(claims.claim(...what)).catch(unavailable),
    async hold(...what) {
      const held = await claims.hold(...what).catch(unavailable);
      return held && { ...held, settle: () => held.settle().catch(unavailable) };
    },
  };
}

function logBehind(log: Log, fault: unknown): void {
  if (fault === undefined) log.info({}, 'the store has all issued credentials again');
  else {
    const why = fault instanceof Error ? fault.message : JSON.stringify(fault);
    log.warn(
      { why },
      'issued credentials have not reached the store yet; revocations disconnect them once they have',
    );
  }
}
