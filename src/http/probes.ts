import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { answerBrokenRequest } from './refusals/broken-request.ts';
import { boundConnections } from './limits/connections.ts';
import { answerBadUrl, handleErrors } from './refusals/error-handler.ts';
import { type ProbeRoutes, probeRoutes } from './service-routes.ts';

export interface ProbesOptions extends ProbeRoutes {
  /** Receives faults. */
  readonly onFault: (requestId: string, fault: unknown) => void;
}

const REQUEST_MILLISECONDS = 10_000;
const CONNECTIONS = 100;

/** Only `/livez`, `/readyz` and `/metrics`, for a process without callers. It does not listen yet. */
export async function buildProbes(options: ProbesOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: 1024,
    requestTimeout: REQUEST_MILLISECONDS,
    requestIdHeader: false,
    genReqId: () => randomUUID(),
    clientErrorHandler: answerBrokenRequest(),
    frameworkErrors: answerBadUrl(),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  });
  boundConnections(app, { total: CONNECTIONS, perNetwork: CONNECTIONS });
  handleErrors(app, options.onFault);
  probeRoutes(app, options);
  await app.ready();
  return app;
}
