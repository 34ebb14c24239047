import type { FastifyInstance } from 'fastify';
import type { Live, LoginService } from './deps.ts';
import { metadata } from './oauth/metadata.ts';

/** One part of the service, as `/readyz` reports it. */
export interface PartStatus {
  readonly ready: boolean;
  /** False: the service stays ready without it (one issuer of several is down). */
  readonly essential: boolean;
  /** What is wrong, safe to show; also set for a part that is ready nevertheless. */
  readonly message?: string;
}

export interface ProbeRoutes {
  readonly status: () => Readonly<Record<string, PartStatus>>;
  readonly metrics: () => Promise<{ contentType: string; text: string }>;
}

export interface ServiceRoutes extends ProbeRoutes {
  readonly live: () => Live;
  readonly login: Pick<LoginService, 'logins'>;
  /** The text of openapi.yaml. */
  readonly openapi: string;
}

const partStatus = {
  type: 'object',
  required: ['ready', 'essential'],
  properties: {
    ready: { type: 'boolean' },
    essential: { type: 'boolean' },
    message: { type: 'string' },
  },
} as const;

const readiness = {
  type: 'object',
  required: ['ready', 'parts'],
  properties: {
    ready: { type: 'boolean' },
    parts: { type: 'object', additionalProperties: partStatus },
  },
} as const;

const text = (description: string, contentType: string) => ({
  description,
  content: { [contentType]: { schema: { type: 'string' } } },
});

/** Probes for every process: alive, ready, metrics. */
export function probeRoutes(app: FastifyInstance, deps: ProbeRoutes): void {
  app.get('/livez', {
    schema: {
      operationId: 'livez',
      summary: 'Is the process alive?',
      response: { 200: text('The process is alive', 'text/plain') },
    },
    handler: async (_request, reply) => reply.type('text/plain; charset=utf-8').send('ok\n'),
  });

  app.get('/readyz', {
    schema: {
      operationId: 'readyz',
      summary: 'Can the service issue credentials? The status of each part',
      response: { 200: readiness, 503: readiness },
    },
    handler: async (_request, reply) => {
      const parts = deps.status();
      const ready = Object.values(parts).every((part) => part.ready || !part.essential);
      return reply
        .code(ready ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ ready, parts });
    },
  });

  app.get('/metrics', {
    schema: {
      operationId: 'metrics',
      summary: 'Prometheus metrics',
      response: { 200: text('Metrics', 'text/plain') },
    },
    handler: async (_request, reply) => {
      const { contentType, text } = await deps.metrics();
      return reply.type(contentType).send(text);
    },
  });
}

/** Probes, the OpenAPI description, and the OAuth metadata. */
export function serviceRoutes(app: FastifyInstance, deps: ServiceRoutes): void {
  probeRoutes(app, deps);

  app.get('/openapi.yaml', {
    schema: {
      operationId: 'openapi',
      summary: 'This OpenAPI description',
      response: { 200: text('OpenAPI 3.1', 'application/yaml') },
    },
    handler: async (_request, reply) => reply.type('application/yaml').send(deps.openapi),
  });

  app.get('/.well-known/oauth-authorization-server', {
    schema: {
      operationId: 'metadata',
      summary: 'OAuth 2.0 Authorization Server Metadata (RFC 8414)',
      response: { 200: { type: 'object', additionalProperties: true } },
    },
    handler: async (_request, reply) => reply.send(metadata(deps.live().publicUrl, deps.login)),
  });
}
