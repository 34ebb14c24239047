import { boundRejections } from '../audit/bounded-rejections.ts';
import { openSqliteLog } from '../audit/sqlite-log.ts';
import type { AuditLog } from '../audit/log.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/config.ts';
import type { ExchangeParts } from '../exchange.ts';
import { openSingleUse, type SingleUse } from '../identity/single-use.ts';
import { createVerifier, type Verifier } from '../identity/verify.ts';
import { givenKeys } from '../keyring/given-keys.ts';
import type { Log } from '../log.ts';
import { openStore, type Store } from '../store/sqlite.ts';
import { NO_REVOCATIONS } from '../revocation/revocations.ts';
import { policyOf } from './preflight.ts';

/** What stays when the configuration changes. */
export interface Foundation {
  readonly clock: Clock;
  readonly store: Store;
  readonly audit: AuditLog;
  /** Rejections so far that were left out of the audit log. */
  readonly droppedRejections: () => number;
  readonly singleUse: SingleUse;
}

/** One configuration and the parts built from it; a reload swaps the whole. */
export interface Generation {
  readonly config: Config;
  readonly parts: ExchangeParts;
  readonly verifier: Verifier;
}

export function layFoundation(
  { store: { sqliteFile }, audit }: Config,
  { clock, log }: { clock: Clock; log: Log },
): Foundation {
  const { survive, retentionSeconds } = audit;
  const store = openStore({ file: sqliteFile, survive });
  const written = openSqliteLog({
    store,
    clock,
    retentionSeconds,
    onHealth: (fault) => tellHealth(log, fault),
  });
  let dropped = 0;
  return {
    clock,
    store,
    audit: boundRejections(written, { clock, onDropped: () => (dropped += 1) }),
    droppedRejections: () => dropped,
    singleUse: openSingleUse({ database: store.database, clock }),
  };
}

/** The log alone can tell why: the audit log has no record of its own failure. */
function tellHealth(log: Log, fault: unknown): void {
  if (fault === undefined) log.info({}, 'the audit log can be written again');
  else {
    const why = fault instanceof Error ? fault.message : JSON.stringify(fault);
    log.error({ why }, 'THE AUDIT LOG CAN NOT BE WRITTEN; nothing is issued until it can');
  }
}

/** What was recorded is flushed first. */
export async function closeFoundation({ audit, store }: Foundation): Promise<void> {
  await audit.close();
  store.close();
}

/**
 * Builds the parts of one configuration. Issuers' keys that `previous` has fetched are taken over.
 *
 * @throws InvalidInput when policy and signing keys don't fit together; then nothing was started.
 */
export function buildGeneration(
  { clock, audit, singleUse }: Foundation,
  config: Config,
  previous?: Generation,
): Generation {
  const policy = policyOf(config);
  const verifier = createVerifier({
    issuers: config.issuers,
    tokenBytes: config.limits.tokenBytes,
    clock,
    singleUse,
    ...(previous && { reusing: previous.verifier }),
  });
  const capped = config.issuers.filter(({ capToTokenExpiry }) => capToTokenExpiry);
  return {
    config,
    verifier,
    parts: {
      clock,
      verifier,
      policy,
      revocations: NO_REVOCATIONS,
      audit,
      keyRing: givenKeys(config.accounts),
      drafting: { maxControlLineBytes: config.nats.maxControlLineBytes },
      cappedIssuers: new Set(capped.map(({ name }) => name)),
    },
  };
}
