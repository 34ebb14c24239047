import { hostname } from 'node:os';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { freshTrust } from '../../account/fresh-trust.ts';
import { roomForRevoked } from '../../account/room.ts';
import { openSystemConnection, type SystemConnection } from '../../account/system/connection.ts';
import { systemResolver } from '../../account/system/resolver.ts';
import {
  NotTrusted,
  type TrustedIssuers,
  trustOfOperator,
  trustOfServers,
} from '../../account/trust.ts';
import type { Config } from '../../config/config.ts';
import { RING_PREFIX } from '../../keyring/ring.ts';
import { keyPairFromSeed } from '../../nats/key-pair.ts';
import { createRevoker } from '../../revocation/revoker.ts';
import { REVOCATION_PREFIX } from '../../revocation/revocation.ts';
import { createLease } from '../../rotator/lease.ts';
import { type Rotator, startRotator } from '../../rotator/rotator.ts';
import { type Servers, type ServersOptions, systemServers } from '../../rotator/servers.ts';
import { canaryServers, externalServers } from '../../rotator/external-servers.ts';
import type { StateChange } from '../../store/shared-state.ts';
import { repeatAfter } from './repeat-after.ts';
import type { Resources } from '../resources.ts';
import type { RingedAccount } from '../signing/ringed-accounts.ts';
import type { RotatorMetrics } from '../metrics/rotation-metrics.ts';
import { rotationReporter } from './reporter.ts';

/** Managed accounts are rotated by processes with the operator's key, external accounts by any process that has their keys. */
type RotatedKind = RingedAccount['kind'];

/** How long connecting to NATS may take before a missing connection is reported. */
const PATIENCE_MILLISECONDS = 2000;

/**
 * Exchanges in progress at the moment of a revocation record their credentials a little later, so the rotator
 * searches again after these delays.
 */
const IN_FLIGHT_MILLISECONDS = [300, 1000];

/** The part of rotation that runs in this process. */
export interface Rotation {
  /** Connection to the system account; undefined without access to it. */
  readonly system: SystemConnection | undefined;
  /** The configuration changed. */
  wake(): void;
  close(): Promise<void>;
}

export interface RotationOptions {
  readonly resources: Resources;
  readonly config: Config;
  /** Accounts of the configuration in force. */
  readonly accounts: () => readonly RingedAccount[];
  readonly metrics: RotatorMetrics;
}

/**
 * Starts the rotators for which this process has the keys. NATS need not be reachable yet.
 *
 * @throws if the credentials of the system account cannot be read.
 */
export async function startRotation(options: RotationOptions): Promise<Rotation> {
  const { config, resources } = options;
  const { state } = resources;
  const stack = new AsyncDisposableStack();
  try {
    let wakeAll = (): void => {};
    const system =
      config.nats.system && openSystem(options, config.nats.system.credsFile, () => wakeAll());
    if (system) stack.defer(() => system.close());
    const kinds: RotatedKind[] = ['external'];
    if (config.nats.operatorSigningKey !== undefined) kinds.push('managed');
    const rotators = kinds.map((kind) => startKind(options, kind, system));
    stack.defer(async () => void (await Promise.all(rotators.map((rotator) => rotator.stop()))));
    wakeAll = () => {
      for (const rotator of rotators) rotator.wake();
    };
    const ringChanged = ({ key }: StateChange) => {
      for (const rotator of rotators) rotator.wake(key.slice(RING_PREFIX.length));
    };
    stack.defer(await state.watch(RING_PREFIX, ringChanged));
    const revocationChanged = repeatAfter(wakeAll, IN_FLIGHT_MILLISECONDS);
    stack.defer(() => revocationChanged.stop());
    stack.defer(await state.watch(REVOCATION_PREFIX, revocationChanged));
    return { system, wake: () => wakeAll(), close: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

function openSystem(
  { config, resources: { log } }: RotationOptions,
  file: string,
  onConnected: () => void,
): SystemConnection {
  return openSystemConnection({
    servers: config.nats.servers,
    login: { credsFile: file },
    report: (change) => {
      if (change.state === 'connected') {
        log.info({ server: change.server }, 'connected to the system account');
        onConnected();
      } else {
        log.error({ problem: change.problem }, 'cannot use the NATS system account');
      }
    },
  });
}

function startKind(
  options: RotationOptions,
  kind: RotatedKind,
  system: SystemConnection | undefined,
): Rotator {
  const { resources, config, accounts } = options;
  const metrics = options.metrics(kind);
  const { state, clock, sealer, log, audit, ledger, revocations } = resources;
  const leaseMilliseconds = config.rotator.leaseSeconds * 1000;
  const servers = serversOf(options, kind, system);
  const revoker = createRevoker({
    ledger,
    revocations: () => revocations.index.byId,
    clock,
    onPlan: (account, plan) => metrics.planned(account, plan),
    onStored: (account, { revoked, gone }) => {
      const tell = (count: number, cause: 'revoked' | 'gone') => {
        if (count === 0) return;
        log.info(
          { account, count },
          cause === 'gone' ? 'users are no longer revoked' : 'users revoked',
        );
        const event = { type: 'revoked-users', time: clock.now(), account, count, cause } as const;
        // A failing audit log reports itself.
        audit.record(event).catch(() => undefined);
      };
      tell(revoked, 'revoked');
      tell(gone, 'gone');
    },
  });
  return startRotator({
    state,
    lease: createLease({
      state,
      name: kind,
      holder: `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`,
      termMilliseconds: leaseMilliseconds,
    }),
    leaseMilliseconds,
    clock,
    monotonic: () => performance.now(),
    sealer,
    servers: () => servers,
    revoke: (ring, base) => revoker.cut(ring, roomForRevoked(base, ring)),
    reporter: rotationReporter({ log, audit, metrics, clock }),
    accounts: () => accounts().filter((account) => account.kind === kind),
    ...(system && {
      ready: Promise.race([system.ready(), wait(PATIENCE_MILLISECONDS, null, { ref: false })]),
    }),
  });
}

function serversOf(
  { config, accounts, resources: { clock } }: RotationOptions,
  kind: RotatedKind,
  system: SystemConnection | undefined,
): Servers {
  const account = (name: string) => accounts().find((account) => account.name === name);
  const canary = canaryServers({ servers: config.nats.servers, account, clock });
  if (!system) return canary;
  const seed = config.nats.operatorSigningKey;
  const signer = kind === 'managed' && seed !== undefined ? keyPairFromSeed(seed) : undefined;
  const direct = systemServers({
    resolver: systemResolver({ system }),
    issuers: issuersOf(config, signer?.publicKey, system),
    limits: (name) => account(name)?.limits,
    callout: (name) => account(name)?.callout,
    ...(signer && { signer }),
    clock,
  });
  return kind === 'managed' ? direct : externalServers({ system: direct, canary });
}

/** Pinned by the configuration, otherwise as the servers report them at the time. */
function issuersOf(
  { nats: { operatorJwt } }: Config,
  signingKey: string | undefined,
  system: SystemConnection,
): ServersOptions['issuers'] {
  const checked = (trust: TrustedIssuers | NotTrusted): TrustedIssuers => {
    if (trust instanceof NotTrusted) throw new Error(`${trust.problem}; nothing was overwritten`);
    return trust;
  };
  if (operatorJwt !== undefined) {
    const pinned = checked(trustOfOperator(operatorJwt, signingKey));
    return async () => pinned;
  }
  if (signingKey === undefined) return async () => undefined;
  return freshTrust({
    ask: async () => checked(await trustOfServers(system, signingKey)),
    monotonic: () => performance.now(),
  });
}
