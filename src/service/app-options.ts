import type { Sessions } from '../account/system/sessions.ts';
import { exchange } from '../exchange.ts';
import type { AppOptions } from '../http/app.ts';
import { limitConcurrency } from '../limits/concurrency.ts';
import { ownCount, type RateCount, rateLimits } from '../limits/rate-limits.ts';
import type { LoginService } from '../http/deps.ts';
import { readPackaged } from '../version.ts';
import { adminOf } from './admin/admin.ts';
import type { ConsoleView } from './console.ts';
import type { Resources } from './resources.ts';
import type { Generation } from './generation.ts';
import type { Metrics } from './metrics/service-metrics.ts';
import type { Scrape } from './metrics/process-metrics.ts';
import { connectionBounds } from './connection-bounds.ts';
import { partStatus } from './readiness.ts';
import type { Running } from './reload/reload.ts';
import { type Certificate, readTls } from './reload/certificate.ts';

/** The configuration in force, and the state of the service. */
export interface State extends Running<Generation> {
  /** Where it listens; empty until it does. */
  url: string;
  stopping: boolean;
}

/** What the doors need besides the configuration in force. */
export interface AppParts {
  readonly resources: Resources;
  readonly metrics: Metrics;
  readonly sessions: Pick<Sessions, 'of'> | undefined;
  readonly people: LoginService;
  readonly console: ConsoleView;
  /** The answer of `/metrics`; by default, the metrics of this process. */
  readonly scrape?: () => Promise<Scrape>;
  /** Where the rate limits count; by default, in this process. */
  readonly count?: RateCount;
  /** The certificate in use; by default, read from its files. */
  readonly tls?: Certificate | undefined;
}

/** Options of the HTTP service. Whatever a reload can change is looked up at each request. */
export function appOptions(
  state: State,
  { resources, metrics, sessions, people, console, ...more }: AppParts,
): AppOptions {
  const { listen, limits } = state.current.config;
  const tls = more.tls ?? (listen.tls && readTls(listen.tls));
  return {
    exchange: metrics.observed(
      limitConcurrency(
        (request, waitApart) => exchange(() => state.current.parts, request, waitApart),
        limits.concurrentRequests,
      ),
    ),
    admin: adminOf({ resources, current: () => state.current, sessions }),
    login: people,
    console,
    live: () => ({
      publicUrl: publicUrl(state),
      servers: state.current.config.nats.servers,
      contact: state.current.config.contact,
      accounts: state.current.config.accounts,
    }),
    rateLimits: rateLimits(
      () => state.current.config.rateLimit,
      more.count ?? ownCount(resources.clock),
    ),
    limits,
    connections: {
      ...connectionBounds({ limits, listen }, resources.log),
      dropped: (reason) => metrics.connectionDropped(reason),
    },
    ...(listen.behindProxy && { trustProxy: listen.behindProxy }),
    ...(tls && { tls }),
    status: () =>
      partStatus({
        ...state.current.parts,
        audit: resources.audit,
        rings: resources.rings,
        obstacles: resources.obstacles,
        stopping: state.stopping,
      }),
    metrics: more.scrape ?? (() => metrics.scrape()),
    openapi: readPackaged('openapi.yaml'),
    onFault: (requestId, fault) => {
      metrics.fault();
      resources.log.error({ requestId, fault: describe(fault) }, 'a request failed');
    },
  };
}

/** The configured URL, or the one of the running server if the system chose the port. */
export function publicUrl({ current: { config }, url }: State): string {
  return config.publicUrl.endsWith(':0') ? url : config.publicUrl;
}

/** A fault as text for the log, with its stack and causes. */
function describe(fault: unknown): string {
  return fault instanceof Error
    ? `${fault.stack ?? fault.message}${fault.cause === undefined ? '' : `\ncaused by ${describe(fault.cause)}`}`
    : String(fault);
}
