import { boundRejections } from '../audit/refusals.ts';
import type { AuditLog } from '../audit/log.ts';
import { openSqliteLog } from '../audit/sinks/sqlite.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { SingleUse } from '../identity/single-use.ts';
import { followObstacles, type Obstacles } from '../keyring/rotation-obstacles.ts';
import { openRingView, type RingView } from '../keyring/ring-view.ts';
import { createSealer, type Sealer } from '../keyring/sealing.ts';
import type { Log } from '../log.ts';
import type { CredentialLedger } from '../revocation/ledger.ts';
import { keepExpiring } from '../revocation/expire.ts';
import { followRevocations, type Revocations } from '../revocation/revocations.ts';
import type { SharedState } from '../store/shared-state.ts';
import { openStore } from '../store/sqlite/database.ts';
import { openStores, type Stores } from './stores.ts';

/** What stays open across reloads. */
export interface Resources {
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog;
  /** How many rejections the audit log has omitted so far. */
  readonly droppedRejections: () => number;
  readonly singleUse: SingleUse;
  /** State shared by all processes of this nats-sts. */
  readonly state: SharedState;
  readonly sealer: Sealer;
  readonly rings: RingView;
  /** Why the rotator's last pass over an account failed. */
  readonly obstacles: Obstacles;
  readonly revocations: Revocations;
  readonly ledger: CredentialLedger;
  /**
   * Call it with each configuration before it is in force: the ledger looks back as far as the longest
   * lifetime of any role since the start.
   */
  readonly configured: (config: Pick<Config, 'roles'>) => void;
  /** Whether this process keeps the store in order, and logs what is wrong with it; no in workers. */
  readonly upkeep: boolean;
  /** Flushes the audit log first. */
  readonly close: () => Promise<void>;
}

export interface ResourcesOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** By default, `openOwnStores`. */
  readonly open?: (parts: OpenParts) => Promise<JoinedStores>;
  /** By default, yes. */
  readonly upkeep?: boolean;
  /** How many processes divide between them what strangers may have recorded. */
  readonly sharers?: number;
}

/** Stores whose audit log may be written by another process. */
export interface JoinedStores extends Omit<Stores, 'audit'> {
  readonly audit: AuditLog;
}

/** What opening the stores takes. */
export interface OpenParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** The longest lifetime of any living credential. */
  readonly longestLifetimeSeconds: () => number;
  /** Collects what must be closed. */
  readonly stack: AsyncDisposableStack;
}

/** Throws if the store cannot be opened or read; then nothing is left open. */
export async function openResources(
  config: Config,
  { clock, log, open = openOwnStores, upkeep = true, sharers = 1 }: ResourcesOptions,
): Promise<Resources> {
  const stack = new AsyncDisposableStack();
  let rings: RingView | undefined;
  let dropped = 0;
  let longestConfigured = 0;
  const configured: Resources['configured'] = ({ roles }) => {
    longestConfigured = Math.max(longestConfigured, ...roles.map((role) => role.maxTtlSeconds));
  };
  configured(config);
  try {
    const stores = await open({
      config,
      clock,
      log,
      longestLifetimeSeconds: () => Math.max(longestConfigured, longestSigned(rings)),
      stack,
    });
    const { state } = stores;
    const sealer = createSealer(config.sealingKeys);
    rings = await openRingView({ state, sealer });
    const view = rings;
    stack.defer(() => view.close());
    const obstacles = await followObstacles(state);
    stack.defer(() => obstacles.close());
    const revocations = await followRevocations({
      state,
      onUnreadable: (key, fault) =>
        log.error({ key, why: String(fault) }, 'cannot read a stored revocation'),
    });
    stack.defer(() => revocations.close());
    const onDropped = () => void (dropped += 1);
    const audit = boundRejections(stores.audit, { clock, onDropped, sharers });
    if (upkeep) {
      stack.defer(
        keepExpiring({ state, audit, clock }, (fault) =>
          log.warn({ why: String(fault) }, 'could not delete expired revocations'),
        ),
      );
    }
    return {
      clock,
      log,
      audit,
      droppedRejections: () => dropped,
      singleUse: stores.singleUse,
      state,
      sealer,
      rings,
      obstacles,
      revocations,
      ledger: stores.ledger,
      configured,
      upkeep,
      close: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

/** Opens the SQLite file of this process, and JetStream if it is configured. */
export async function openOwnStores(parts: OpenParts): Promise<Stores> {
  const { config, clock, log, stack } = parts;
  const { survive, retentionSeconds } = config.audit;
  const store = openStore({ file: config.store.sqliteFile, survive });
  stack.defer(() => store.close());
  const audit = openSqliteLog({
    store,
    clock,
    retentionSeconds,
    onHealth: (fault) => logHealth(log, fault),
  });
  return openStores({ ...parts, store, audit });
}

/** The longest lifetime that trusted keys have signed, also under configurations from before the start. */
function longestSigned(rings: RingView | undefined): number {
  const signed = (rings?.all() ?? []).flatMap(({ keys }) => keys);
  const trusted = signed.filter(({ state }) => state !== 'retired');
  return Math.max(0, ...trusted.map((key) => key.lifetimeSeconds));
}

/** Logs the cause, because the audit log cannot record its own failure. */
function logHealth(log: Log, fault: unknown): void {
  if (fault === undefined) log.info({}, 'the audit log can be written again');
  else {
    const why = fault instanceof Error ? fault.message : JSON.stringify(fault);
    log.error({ why }, 'cannot write the audit log; nothing is issued until this works');
  }
}
