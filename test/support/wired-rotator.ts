import { randomUUID } from 'node:crypto';
import type { AccountResolver } from '../../src/account/resolver.ts';
import { roomForRevoked } from '../../src/account/room.ts';
import { openSystemConnection } from '../../src/account/system/connection.ts';
import { systemResolver } from '../../src/account/system/resolver.ts';
import { NotTrusted, trustOfOperator } from '../../src/account/trust.ts';
import type { AuditLog } from '../../src/audit/log.ts';
import { openSqliteLog } from '../../src/audit/sinks/sqlite.ts';
import { systemClock } from '../../src/clock.ts';
import { createSealer, type Sealer } from '../../src/keyring/sealing.ts';
import { RING_PREFIX } from '../../src/keyring/ring.ts';
import { keyPairFromSeed } from '../../src/nats/key-pair.ts';
import { createRevoker } from '../../src/revocation/revoker.ts';
import { followRevocations } from '../../src/revocation/revocations.ts';
import { openSqliteLedger } from '../../src/revocation/sqlite-ledger.ts';
import { createLease, type Lease } from '../../src/rotator/lease.ts';
import { startRotator } from '../../src/rotator/rotator.ts';
import { systemServers } from '../../src/rotator/servers.ts';
import type { RotatedAccount } from '../../src/rotator/rotated-account.ts';
import { rotationReporter } from '../../src/service/rotation/reporter.ts';
import type { RotationMetrics } from '../../src/service/metrics/rotation-metrics.ts';
import type { SharedState } from '../../src/store/shared-state.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import { openSqliteState } from '../../src/store/sqlite/state.ts';
import { captureLog } from './captured-log.ts';

/** What a rotator of one account is made of, as plain data: it may have to go to another process. */
export interface WiredOptions {
  readonly storeFile: string;
  readonly servers: readonly string[];
  readonly sysCreds: string;
  readonly operatorJwt: string;
  /** Of the operator's signing key. */
  readonly operatorSeed: string;
  readonly leaseMilliseconds: number;
  readonly account: RotatedAccount;
}

/** All that the rotator reads and writes outside its process. */
export interface WiredPorts {
  readonly state: SharedState;
  readonly audit: AuditLog;
  readonly sealer: Sealer;
  readonly lease: Lease;
  readonly resolver: AccountResolver;
}

/** Seals every store of the tests. */
export const SEALING_KEYS = [new Uint8Array(32).fill(7)];

const SILENT: RotationMetrics = {
  leads: () => {},
  succeeded: () => {},
  problems: () => {},
  confirmed: () => {},
  drifted: () => {},
  jwtBytes: () => {},
  planned: () => {},
};

/** The real rotator over real stores and servers; `wrap` may come between it and its ports. */
export async function startWiredRotator(
  options: WiredOptions,
  wrap: (ports: WiredPorts) => WiredPorts = (ports) => ports,
): Promise<AsyncDisposable & { readonly log: readonly string[] }> {
  const { account, leaseMilliseconds, operatorSeed } = options;
  const clock = systemClock;
  const store = openStore({ file: options.storeFile, survive: 'process-crash' });
  const written = openSqliteLog({ store, clock, retentionSeconds: 86_400 });
  const realState = openSqliteState({ store, clock });
  const revocations = await followRevocations({ state: realState });
  const signer = keyPairFromSeed(operatorSeed);
  const trusted = trustOfOperator(options.operatorJwt, signer.publicKey);
  if (trusted instanceof NotTrusted) throw new Error(trusted.problem);
  const system = openSystemConnection({
    servers: options.servers,
    login: { creds: options.sysCreds },
  });
  await system.ready();
  const { state, audit, sealer, lease, resolver } = wrap({
    state: realState,
    audit: written,
    sealer: createSealer(SEALING_KEYS),
    lease: createLease({
      state: realState,
      name: account.kind,
      holder: randomUUID(),
      termMilliseconds: leaseMilliseconds,
    }),
    resolver: systemResolver({ system }),
  });
  const revoker = createRevoker({
    ledger: openSqliteLedger({ store, clock, longestLifetimeSeconds: () => 3600 }),
    revocations: () => revocations.index.byId,
    clock,
  });
  const servers = systemServers({ resolver, issuers: async () => trusted, signer, clock });
  const log = captureLog();
  const rotator = startRotator({
    state,
    lease,
    leaseMilliseconds,
    clock,
    monotonic: () => performance.now(),
    sealer,
    servers: () => servers,
    revoke: (ring, base) => revoker.cut(ring, roomForRevoked(base, ring)),
    reporter: rotationReporter({ log: log.log, audit, metrics: SILENT, clock }),
    accounts: () => [account],
  });
  const unwatch = await realState.watch(RING_PREFIX, () => rotator.wake());
  return {
    log: log.lines,
    async [Symbol.asyncDispose]() {
      unwatch();
      await rotator.stop();
      await system.close();
      revocations.close();
      await realState.close();
      await written.close();
      store.close();
    },
  };
}
