import { randomUUID } from 'node:crypto';
import accepts from '@fastify/accepts';
import cookie from '@fastify/cookie';
import Fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { Refusal } from '../errors.ts';
import type { ExchangeRequest, Issued } from '../exchange-request.ts';
import type { RateLimits } from '../limits/rate-limits.ts';
import type { Admin } from './admin/actions.ts';
import { adminRoutes } from './admin/routes.ts';
import type { ConsoleSource } from './console/deps.ts';
import { consoleRoutes } from './console/routes.ts';
import type { RouteDeps, LoginService, LoginDeps } from './deps.ts';
import { exchangeRoute } from './exchange-route.ts';
import type { ConnectionBounds } from './limits/connection-shares.ts';
import { LAZY_SCHEMAS } from './lazy-schemas.ts';
import { boundConnections } from './limits/connections.ts';
import { requestLimits } from './limits/rate-limits.ts';
import { loginRoutes } from './login/routes.ts';
import { oauthRoutes } from './oauth/routes.ts';
import { errorPages } from './pages/refusal-page.ts';
import { answerBrokenRequest } from './refusals/broken-request.ts';
import {
  answerBadUrl,
  type ErrorPages,
  forbidSniffing,
  handleErrors,
} from './refusals/error-handler.ts';
import { readForms, readJson } from './request/bodies.ts';
import { type ServiceRoutes, serviceRoutes } from './service-routes.ts';

export interface AppOptions extends ServiceRoutes {
  readonly exchange: (request: ExchangeRequest) => Promise<Issued | Refusal>;
  readonly admin: Admin;
  readonly login: LoginService;
  readonly console: Omit<ConsoleSource, 'admin'>;
  /** Shared with the other doors. */
  readonly rateLimits: RateLimits;
  readonly limits: {
    readonly bodyBytes: number;
    readonly tokenBytes: number;
    readonly requestSeconds: number;
  };
  readonly connections: ConnectionBounds;
  /** Proxies whose `X-Forwarded-For` is trusted; absent: none. */
  readonly trustProxy?: readonly string[];
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer };
  /** Receives faults. Requests themselves are in the audit log and metrics. */
  readonly onFault: (requestId: string, fault: unknown) => void;
  /** Called before the routes are made: the OpenAPI generator listens here. */
  readonly prepare?: (app: FastifyInstance) => Promise<void>;
}

/** The HTTP service as a Fastify instance that does not listen yet. */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const asPages = errorPages(options);
  const app = Fastify(serverOptions(options, asPages));
  boundConnections(app, options.connections);
  forbidSniffing(app);
  handleErrors(app, options.onFault, asPages);
  await options.prepare?.(app);
  await app.register(accepts);
  const deps: RouteDeps = {
    exchange: options.exchange,
    live: options.live,
    ...requestLimits(options.rateLimits),
  };
  // Each door accepts one content type: JSON here, forms at /token.
  readJson(app);
  exchangeRoute(app, deps);
  adminRoutes(app, { ...deps, admin: options.admin });
  await app.register(async (scope) => {
    await readForms(scope, options.limits.bodyBytes);
    const withLogin: LoginDeps = { ...deps, login: options.login };
    oauthRoutes(scope, withLogin);
    await scope.register(async (pages) => {
      await pages.register(cookie);
      loginRoutes(pages, withLogin);
      const { admin, console, status } = options;
      consoleRoutes(pages, { ...withLogin, console: { ...console, admin }, status });
    });
  });
  serviceRoutes(app, options);
  await app.ready();
  return app;
}

function serverOptions(
  { limits, connections, trustProxy, tls }: AppOptions,
  asPages: ErrorPages,
): FastifyServerOptions {
  const requestTimeout = limits.requestSeconds * 1000;
  const options: FastifyServerOptions & { http?: object; https?: object } = {
    bodyLimit: limits.bodyBytes,
    requestTimeout,
    connectionTimeout: requestTimeout + 5000,
    // Direct callers make one request; a proxy keeps its connections, and must be the one that closes them.
    keepAliveTimeout: trustProxy ? 72_000 : 5_000,
    routerOptions: { maxParamLength: 128 },
    // Strict: unknown members are refused, and nothing is converted silently.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    schemaController: { compilersFactory: LAZY_SCHEMAS },
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    clientErrorHandler: answerBrokenRequest(connections.dropped),
    frameworkErrors: answerBadUrl(asPages),
    forceCloseConnections: 'idle',
    // While stopping, requests on open connections are still answered (and their connections closed).
    return503OnClosing: false,
    ...(trustProxy && { trustProxy: [...trustProxy] }),
  };
  const node = {
    // A token or the cookies of a session, and all other headers.
    maxHeaderSize: Math.max(limits.tokenBytes, 16 * 1024) + 16 * 1024,
    headersTimeout: requestTimeout,
    // How often Node looks for requests that took too long; the default is every 30 seconds.
    connectionsCheckingInterval: requestTimeout / 4,
  };
  // The default handshake timeout is two minutes.
  if (tls) options.https = { ...node, ...tls, handshakeTimeout: requestTimeout };
  else options.http = node;
  return options;
}
