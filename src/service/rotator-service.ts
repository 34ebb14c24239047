import { type Clock, systemClock } from '../clock.ts';
import type { AccountSpec, Config } from '../config/config.ts';
import { loadConfig } from '../config/load.ts';
import { InvalidInput } from '../errors.ts';
import { buildProbes } from '../http/probes.ts';
import type { Log } from '../log.ts';
import { VERSION } from '../version.ts';
import { whyAccountRefused } from './rotation/ring-facts.ts';
import { type Resources, openResources } from './resources.ts';
import { buildRotated, type RotatedGeneration } from './generation.ts';
import { type ProcessMetrics, processMetrics } from './metrics/process-metrics.ts';
import { rotatorStatus } from './readiness.ts';
import {
  type Again,
  type ReloadParts,
  type Running,
  reload,
  warn,
  watchConfiguration,
} from './reload/reload.ts';
import {
  rotationMetrics,
  rotationSources,
  type RotatorMetrics,
} from './metrics/rotation-metrics.ts';
import { type Rotation, startRotation } from './rotation/start-rotation.ts';

export interface RotatorServiceOptions {
  /** Path of the configuration file. */
  readonly config: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly clock?: Clock;
  /** Reload when a file of the configuration changes (default: yes). */
  readonly watch?: boolean;
  /** Where to serve probes and metrics; absent if nowhere. */
  readonly listen?: { readonly host: string; readonly port: number };
}

export interface RotatorService {
  /** Where probes and metrics are, e.g. `http://127.0.0.1:9090`. */
  readonly url: string | undefined;
  /** Reads the configuration again. An invalid one changes nothing and is logged. True if it is now in force. */
  reload(): boolean;
  /** How long stopping may wait for the pass in progress. */
  readonly drainMilliseconds: number;
  /** Finishes the pass in progress, lets another process lead, and flushes the audit log. */
  close(): Promise<void>;
}

/**
 * Rotation alone, without a door, so that the process with the operator's key answers no callers.
 *
 * @throws InvalidInput if the configuration is not valid, or leaves nothing to rotate.
 */
export async function startRotatorService(options: RotatorServiceOptions): Promise<RotatorService> {
  const { clock = systemClock, env = process.env, log } = options;
  const load = () => loadConfig(options.config, { env });
  const config = load();
  checkRotates(config);
  const stack = new AsyncDisposableStack();
  try {
    const resources = await openResources(config, { clock, log });
    stack.defer(() => resources.close());
    return await start(options, { load, config, resources, stack });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

interface State extends Running<RotatedGeneration> {
  /** Accounts that cannot be rotated; the log says why. */
  readonly troubled: Set<string>;
  stopping: boolean;
}

async function start(
  { log, watch, listen }: RotatorServiceOptions,
  {
    load,
    config,
    resources,
    stack,
  }: {
    load: () => Config;
    config: Config;
    resources: Resources;
    /** What was started; stopped in reverse order. */
    stack: AsyncDisposableStack;
  },
): Promise<RotatorService> {
  const { clock } = resources;
  const state: State = {
    current: buildRotated(resources, config),
    troubled: new Set(),
    stopping: false,
  };
  const metrics = processMetrics(VERSION);
  metrics.reloaded(true, clock.now());
  warn(log, config);
  const ringed = () => state.current.ringed;
  const sources = rotationSources(resources, ringed);
  const rotation = await startRotation({
    resources,
    config,
    accounts: ringed,
    metrics: noting(state, rotationMetrics(metrics.registry, sources)),
  });
  stack.defer(() => rotation.close());
  log.info({ version: VERSION, accounts: ringed().map(({ name }) => name) }, 'rotating');

  const app = listen && (await buildProbes(probes(state, { resources, rotation, metrics, log })));
  if (app) stack.defer(() => app.close());
  const url = app && (await app.listen(listen));
  if (url !== undefined) log.info({ url, version: VERSION }, 'listening');
  const reloading: ReloadParts<RotatedGeneration> = {
    load,
    build: (next) => {
      checkRotates(next);
      return buildRotated(resources, next);
    },
    replaced: () => rotation.wake(),
    metrics,
    clock,
    log,
  };
  if (watch !== false) {
    const again = (options: Again) => void reload(state, reloading, options);
    stack.defer(watchConfiguration(state, again));
  }

  return {
    url,
    reload: () => reload(state, reloading),
    drainMilliseconds: config.limits.drainSeconds * 1000,
    close: async () => {
      state.stopping = true;
      await stack.disposeAsync();
      log.info({}, 'stopped');
    },
  };
}

/** Refuses a configuration that leaves this rotator nothing to rotate. */
function checkRotates({ file, nats, accounts }: Config): void {
  const rotates = ({ kind, rotation }: AccountSpec) =>
    kind === 'managed' ? nats.operatorSigningKey !== undefined : rotation !== undefined;
  if (accounts.some(rotates)) return;
  const problems = accounts.map(({ name, kind }) => ({
    path: `accounts.${name}`,
    message:
      kind === 'managed'
        ? 'nats-sts rotator cannot make keys for this account; add nats.operatorSigningKey and nats.system'
        : 'this account has given signingKeys and no rotation schedule; add rotation: {every: 30d}',
  }));
  throw new InvalidInput(file, problems);
}

/** Notes accounts with problems, and forgets them when another process leads. */
function noting({ troubled }: State, metrics: RotatorMetrics): RotatorMetrics {
  return (kind) => {
    const ofKind = metrics(kind);
    const mine = new Set<string>();
    const note = (account: string, any: boolean): void => {
      for (const names of [mine, troubled]) {
        if (any) names.add(account);
        else names.delete(account);
      }
    };
    return {
      ...ofKind,
      problems(account, any) {
        note(account, any);
        ofKind.problems(account, any);
      },
      leads(leader) {
        if (!leader) for (const account of mine) note(account, false);
        ofKind.leads(leader);
      },
    };
  };
}

function probes(
  state: State,
  {
    resources,
    rotation,
    metrics,
    log,
  }: {
    resources: Resources;
    rotation: Pick<Rotation, 'system'>;
    metrics: ProcessMetrics;
    log: Log;
  },
): Parameters<typeof buildProbes>[0] {
  const { audit, clock, rings, state: store } = resources;
  const whyRefused = (name: string) => {
    const account = state.current.ringed.find((account) => account.name === name);
    return account && whyAccountRefused(account, { ring: rings.ring(name), clock });
  };
  return {
    status: () =>
      rotatorStatus({
        audit,
        storeAgeMilliseconds: clock.now() - store.freshAt(),
        system: rotation.system,
        accounts: state.current.ringed,
        troubled: state.troubled,
        whyRefused,
        stopping: state.stopping,
      }),
    metrics: () => metrics.scrape(),
    onFault: (requestId, fault) => {
      log.error({ requestId, fault: String(fault) }, 'a request failed');
    },
  };
}
